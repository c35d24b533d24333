const messages = document.querySelector('#messages');
const state = document.querySelector('#state');
const form = document.querySelector('#say');

// A browser connects again by itself, with the id of the last message in Last-Event-ID.
const source = new EventSource('/events/stream');
source.onopen = () => {
  state.textContent = 'Connected.';
};
source.onerror = () => {
  state.textContent = 'Connection lost, trying again …';
};
source.onmessage = ({ data }) => {
  const { name, text } = JSON.parse(data);
  const item = document.createElement('li');
  const author = document.createElement('strong');
  author.textContent = name;
  item.append(author, ` ${text}`);
  messages.append(item);
  item.scrollIntoView({ block: 'nearest' });
};

form.onsubmit = async (event) => {
  event.preventDefault();
  const answer = await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
  if (answer.ok) form.text.value = '';
};
