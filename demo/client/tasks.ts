import { nested, type Routes, reply, UploadedFile } from '../../lib/index.js';

export interface Task {
  readonly id: number;
  readonly title: string;
  readonly isDone: boolean;
}

export class Tasks {
  static routes = {
    list: 'GET /',
    create: 'POST /',
    change: { path: 'PATCH /:id', params: [Number, String, Boolean] },
    remove: { path: 'DELETE /:id', params: [Number] },
  } satisfies Routes<Tasks>;

  readonly #tasks = new Map<number, Task>();
  #lastId = 0;

  constructor(...titles: string[]) {
    for (const title of titles) this.#add(title);
  }

  list() {
    return [...this.#tasks.values()];
  }

  create(title: string) {
    if (title.trim() === '') return reply(422, 'A task needs a title');
    return reply(201, this.#add(title));
  }

  change(id: number, title: string, isDone: boolean) {
    if (!this.#tasks.has(id)) return reply(404, 'There is no such task');
    return this.#keep({ id, title, isDone });
  }

  remove(id: number) {
    this.#tasks.delete(id);
  }

  #add(title: string): Task {
    this.#lastId += 1;
    return this.#keep({ id: this.#lastId, title, isDone: false });
  }

  #keep(task: Task): Task {
    this.#tasks.set(task.id, task);
    return task;
  }
}

export class Api {
  static routes = { load: { path: 'POST', params: [UploadedFile] } } satisfies Routes<Api>;

  readonly tasks = nested(Tasks, 'Read the guide', 'Call a method from a page');

  /** One task for each line of a text file. */
  async load(file: UploadedFile) {
    const titles = (await file.text()).split('\n').filter((title) => title.trim() !== '');
    for (const title of titles.slice(0, 100)) this.tasks.create(title);
    return titles.length;
  }

  async *report() {
    for (const { title, isDone } of this.tasks.list()) yield `${isDone ? 'done' : 'open'}: ${title}\n`;
  }
}
