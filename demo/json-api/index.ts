import createError from 'http-errors';
import { type Micropie, micropie, type Routes, reply } from '../../lib/index.js';

interface Todo {
  readonly id: number;
  title: string;
  done: boolean;
}

/** A todo list below /json-api/todos. */
export class Todos {
  static routes = {
    list: 'GET /',
    create: { path: 'POST /', from: 'body' },
    show: { path: 'GET /:id', params: [Number] },
    replace: { path: 'PUT /:id', params: [Number], from: 'body' },
    change: { path: 'PATCH /:id', params: [Number, String, Boolean], from: 'body' },
    remove: { path: 'DELETE /:id', params: [Number] },
  } satisfies Routes<Todos>;

  readonly #todos = new Map<number, Todo>();
  #lastId = 0;

  constructor() {
    this.create('Read the demo', true);
    this.create('Write a controller');
  }

  list() {
    return [...this.#todos.values()];
  }

  create(title = '', done = false) {
    const todo = { title: required(title), done, id: ++this.#lastId };
    this.#todos.set(todo.id, todo);
    return reply(201, todo, { Location: `/json-api/todos/${todo.id}` });
  }

  show(id: number) {
    return this.#todos.get(id) ?? missing();
  }

  replace(id: number, title = '', done = false) {
    return Object.assign(this.show(id), { title: required(title), done });
  }

  change(id: number, title: string | undefined = undefined, done: boolean | undefined = undefined) {
    const todo = this.show(id);
    return Object.assign(todo, { title: required(title ?? todo.title), done: done ?? todo.done });
  }

  /** Nothing is returned, which is 204. */
  remove(id: number) {
    if (!this.#todos.delete(id)) missing();
  }
}

function required(title: string): string {
  if (title === '') throw createError(422, 'A todo needs a title');
  return title;
}

function missing(): never {
  throw createError(404, 'There is no such todo');
}

export function jsonApi(): Micropie {
  return micropie(Todos, { prefix: '/json-api/todos' });
}
