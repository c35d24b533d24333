import { Controller, type Micropie, micropie, type Routes, reply } from '../../lib/index.js';
import { JsonErrors } from '../middleware/hooks.js';

interface Todo {
  readonly id: number;
  title: string;
  done: boolean;
}

interface Fields {
  title?: string;
  done?: boolean;
}

/**
 * GET and POST /json-api/todos; GET, PUT, PATCH and DELETE /json-api/todos/7.
 * One path name, so one method, which looks at the HTTP method itself.
 */
export class JsonApi extends Controller {
  static routes = {
    todos: 'GET,POST,PUT,PATCH,DELETE',
  } satisfies Routes<JsonApi>;

  readonly #todos = new Map<number, Todo>();
  #lastId = 0;

  constructor() {
    super();
    this.#create('Read the demo', true);
    this.#create('Write a controller', false);
  }

  todos({ title = '', done }: Fields = {}) {
    if (done !== undefined && typeof done !== 'boolean') this.ctx.throw(422, 'done must be true or false');
    // From the path alone, whatever id a client may send in its body.
    const [id] = this.request.pathParams;
    return id === undefined ? this.#collection(title, done) : this.#item(this.#find(Number(id)), title, done);
  }

  #collection(title: string, done = false) {
    switch (this.request.method) {
      case 'GET':
      case 'HEAD':
        return [...this.#todos.values()];
      case 'POST': {
        const todo = this.#create(this.#required(title), done);
        return reply(201, todo, { Location: `/json-api/todos/${todo.id}` });
      }
      default:
        return this.#refuse('GET, HEAD, POST');
    }
  }

  #item(todo: Todo, title: string, done: boolean | undefined) {
    switch (this.request.method) {
      case 'GET':
      case 'HEAD':
        return todo;
      case 'PUT':
        return Object.assign(todo, { title: this.#required(title), done: done ?? false });
      case 'PATCH':
        return Object.assign(todo, { title: title || todo.title, done: done ?? todo.done });
      case 'DELETE':
        this.#todos.delete(todo.id);
        return undefined; // 204
      default:
        return this.#refuse('GET, HEAD, PUT, PATCH, DELETE');
    }
  }

  #create(title: string, done: boolean): Todo {
    this.#lastId += 1;
    const todo = { id: this.#lastId, title, done };
    this.#todos.set(todo.id, todo);
    return todo;
  }

  #find(id: number): Todo {
    return this.#todos.get(id) ?? this.ctx.throw(404, 'There is no such todo');
  }

  #required(title: string): string {
    return title || this.ctx.throw(422, 'A todo needs a title');
  }

  #refuse(allow: string): never {
    return this.ctx.throw(405, { headers: { Allow: allow } });
  }
}

export function jsonApi(): Micropie {
  return micropie(JsonApi, { prefix: '/json-api', middlewares: [new JsonErrors()] });
}
