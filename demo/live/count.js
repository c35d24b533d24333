const show = (id, text) => {
  document.querySelector(`#${id}`).textContent = text;
};
let last;
let missed = 0;
let connections = 0;

// A browser connects again by itself, with the id of the last event in Last-Event-ID.
const source = new EventSource('/live/count');
source.onopen = () => {
  connections += 1;
  show('reconnected', connections - 1);
  show('state', 'Connected.');
};
source.onerror = () => show('state', 'Connecting anew …');
source.onmessage = ({ data }) => {
  const { number, from } = JSON.parse(data);
  missed += last === undefined ? 0 : Math.abs(number - last - 1);
  last = number;
  show('number', number);
  show('from', from);
  show('missed', missed);
};

const restart = document.querySelector('form');
restart.onsubmit = (event) => {
  event.preventDefault();
  fetch(restart.action, { method: 'POST' });
};
