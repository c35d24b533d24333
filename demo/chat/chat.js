const messages = document.querySelector('#messages');
const people = document.querySelector('#people');
const state = document.querySelector('#state');
const form = document.querySelector('#say');

let socket;
let last = 0;
let wait = 500;

form.name.value = sessionStorage.getItem('name') ?? form.name.value;

function connect() {
  const address = new URL(location.href);
  address.protocol = address.protocol.replace('http', 'ws');
  address.hash = '';
  address.search = new URLSearchParams({ name: form.name.value, after: last });
  socket = new WebSocket(address);
  socket.onopen = () => {
    wait = 500;
    state.textContent = 'Connected.';
  };
  // A new name, a server that restarts, a phone that was asleep: come back, and go on behind the last message.
  socket.onclose = ({ target }) => {
    if (target !== socket) return;
    state.textContent = 'Connection lost, trying again …';
    setTimeout(connect, wait * (0.5 + Math.random()));
    wait = Math.min(wait * 2, 10_000);
  };
  socket.onmessage = ({ data }) => show(JSON.parse(data));
}

function show({ id, name, text, names }) {
  if (names) {
    people.textContent = names.join(', ');
    return;
  }
  last = id;
  const item = document.createElement('li');
  const author = document.createElement('strong');
  author.textContent = name;
  item.append(author, ` ${text}`);
  messages.append(item);
  item.scrollIntoView({ block: 'nearest' });
}

form.onsubmit = (event) => {
  event.preventDefault();
  if (socket.readyState !== WebSocket.OPEN) return;
  socket.send(form.text.value);
  form.text.value = '';
  form.text.focus();
};

form.name.onchange = () => {
  sessionStorage.setItem('name', form.name.value);
  const old = socket;
  connect();
  old.close();
};

connect();
