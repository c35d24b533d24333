import { CallError, client } from '../../lib/client/index.js';
import type { Api, Task } from './tasks.js';

// Without these paths, or with others than the class declares, this does not compile.
const api = client<typeof Api>('/client/api', {
  routes: { tasks: { list: 'GET /', create: 'POST /', change: 'PATCH /:id', remove: 'DELETE /:id' } },
});

const list = find('#tasks', HTMLUListElement);
const state = find('#state', HTMLElement);
const form = find('#add', HTMLFormElement);

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const title = find('[name=title]', HTMLInputElement);
  void act(async () => {
    await api.tasks.create(title.value);
    title.value = '';
  });
});

find('[name=file]', HTMLInputElement).addEventListener('change', ({ target }) => {
  const file = target instanceof HTMLInputElement && target.files?.[0];
  if (file) void act(() => api.load(file));
});

find('#report', HTMLButtonElement).addEventListener('click', () => {
  void act(async () => {
    const report = find('#lines', HTMLElement);
    report.textContent = '';
    for await (const text of api.report()) report.append(text);
  });
});

void act(async () => {});

/** Does something, then shows what the server has; or why it refused. */
async function act(action: () => PromiseLike<unknown>): Promise<void> {
  try {
    await action();
    list.replaceChildren(...(await api.tasks.list()).map(itemOf));
    state.textContent = `${list.childElementCount} tasks`;
  } catch (error) {
    state.textContent = error instanceof CallError ? error.message : 'The server does not answer';
  }
}

function itemOf({ id, title, isDone }: Task): HTMLLIElement {
  const box = document.createElement('input');
  box.type = 'checkbox';
  box.checked = isDone;
  box.addEventListener('change', () => void act(() => api.tasks.change(id, title, box.checked)));
  const label = document.createElement('label');
  label.append(box, ` ${title} `);
  const remove = document.createElement('button');
  remove.className = 'quiet';
  remove.textContent = 'Remove';
  remove.ariaLabel = `Remove ${title}`;
  remove.addEventListener('click', () => void act(() => api.tasks.remove(id)));
  const item = document.createElement('li');
  item.append(label, remove);
  return item;
}

function find<T extends Element>(selector: string, type: new () => T): T {
  const element = document.querySelector(selector);
  if (element instanceof type) return element;
  throw new Error(`The page has no ${selector}`);
}
