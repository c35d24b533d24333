const parts = (form) => ({ form, number: form.querySelector('output'), state: form.querySelector('[role=status]') });
const byIo = parts(document.querySelector('#io'));
const byWs = parts(document.querySelector('#ws'));

function talk({ form, number, state }, { add, listen }) {
  listen({
    count: (count) => {
      number.textContent = count;
    },
    connected: (isConnected) => {
      state.textContent = isConnected ? 'Connected.' : 'Connection lost, trying again …';
    },
  });
  form.onsubmit = (event) => {
    event.preventDefault();
    add();
  };
}

// Socket.IO serves its own client.
import('/socket.io/socket.io.esm.min.js').then(
  ({ io }) => {
    const socket = io();
    talk(byIo, {
      add: () => socket.emit('add'),
      listen: ({ count, connected }) => {
        socket.on('count', count);
        socket.on('connect', () => connected(true));
        socket.on('disconnect', () => connected(false));
      },
    });
  },
  () => {
    byIo.state.textContent = 'There is no Socket.IO on this server.';
    byIo.form.onsubmit = (event) => event.preventDefault();
  },
);

let socket;
function connect({ count, connected }) {
  socket = new WebSocket(`${location.origin.replace('http', 'ws')}/socketio/count`);
  socket.onopen = () => connected(true);
  socket.onmessage = ({ data }) => count(data);
  // Socket.IO does this by itself.
  socket.onclose = () => {
    connected(false);
    setTimeout(() => connect({ count, connected }), 500 + 1000 * Math.random());
  };
}
talk(byWs, { add: () => socket.readyState === WebSocket.OPEN && socket.send('+'), listen: connect });
