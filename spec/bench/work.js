/** What every server is asked to do, so that each does the same. */

import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROUTES = 1000;
export const CHUNK = 'x'.repeat(16 * 1024);
export const CHUNKS = 64;
export const UPLOAD_LIMIT = 1024 ** 3;

export const hello = (name = 'Guest') => `Hello, ${name}!`;
export const routeName = (index) => `route${index}`;
export const uploadPath = () => join(tmpdir(), `bench-${randomUUID()}`);

export function* chunks() {
  for (let index = 0; index < CHUNKS; index += 1) yield CHUNK;
}

/** The sessions of koa-session, express-session and the library alike: JSON text in a Map. */
export class JsonMap {
  entries = new Map();

  get(id) {
    const json = this.entries.get(id);
    return json === undefined ? undefined : JSON.parse(json);
  }

  set(id, data) {
    this.entries.set(id, JSON.stringify(data));
  }

  delete(id) {
    this.entries.delete(id);
  }
}

export const koaSessionStore = () => {
  const sessions = new JsonMap();
  return {
    get: async (id) => sessions.get(id),
    set: async (id, data) => sessions.set(id, data),
    destroy: async (id) => sessions.delete(id),
  };
};

/** An order whose body a schema checks. */
export const ORDER = { title: 'Write it down', count: 3, tags: ['a', 'b'], note: 'x'.repeat(900) };

/** The wrk scripts and addresses of each work. */
export const WORKS = {
  greet: { path: '/greet/Alice', answer: 'Hello, Alice!' },
  routes: { path: `/${routeName(ROUTES - 1)}/Alice`, answer: 'Hello, Alice!' },
  form: {
    path: '/form',
    method: 'POST',
    type: 'application/x-www-form-urlencoded',
    body: 'name=Alice&email=alice%40example.org&message=Hello+there',
    answer: 'Hello, Alice!',
  },
  json: {
    path: '/json',
    method: 'POST',
    type: 'application/json',
    body: JSON.stringify({ name: 'Alice', tags: ['a', 'b'], text: 'x'.repeat(980) }),
    // Python puts a space behind the colon.
    answer: /^\{"name": ?"Alice"\}$/,
  },
  declared: { path: `/${routeName(ROUTES - 1)}/Alice`, answer: 'Hello, Alice!' },
  validated: {
    path: '/orders',
    method: 'POST',
    type: 'application/json',
    body: JSON.stringify(ORDER),
    answer: '{"title":"Write it down","count":3}',
  },
  session: { path: '/visits', cookie: true, answer: /^Visit \d+$/ },
  redis: { path: '/visits', cookie: true, answer: /^Visit \d+$/ },
  stream: { path: '/stream', answer: new RegExp(`^x{${CHUNKS * CHUNK.length}}$`) },
};
