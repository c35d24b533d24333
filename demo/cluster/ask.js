const answers = document.querySelector('#answers');
const state = document.querySelector('#state');
const restart = document.querySelector('#restart');
const counts = new Map();
let failed = 0;

const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function ask() {
  const answer = await fetch('/cluster/ask', { method: 'POST' });
  if (!answer.ok) throw new Error(answer.statusText);
  const { worker } = await answer.json();
  counts.set(worker, (counts.get(worker) ?? 0) + 1);
}

function show() {
  const rows = [...counts].map(([worker, count]) => `${worker}: ${count}`);
  answers.replaceChildren(
    ...[...rows, `failed: ${failed}`].map((row) => Object.assign(document.createElement('li'), { textContent: row })),
  );
}

async function keepAsking() {
  for (;;) {
    await ask().catch(() => {
      failed += 1;
    });
    show();
    await wait(50);
  }
}

restart?.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { ok } = await fetch(restart.action, { method: 'POST' });
  state.textContent = ok ? 'The workers are being replaced.' : 'The restart failed.';
});

// Several connections, which the primary process deals out to the workers.
for (let number = 0; number < 4; number++) keepAsking();
