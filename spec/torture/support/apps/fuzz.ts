import { setTimeout as sleep } from 'node:timers/promises';
import { types } from 'node:util';
import Koa, { type Context } from 'koa';
import { Controller, type HookResponse, micropie, type Request, reply } from '../../../../lib/index.js';
import { UploadedFile } from '../../../../lib/uploads/uploaded-file.js';
import { note, tell } from '../tell.js';
import type { TortureApp, Witness } from '../witness.js';

/** A value as a handler got it, with what JSON would not show. */
export interface Shown {
  readonly type: string;
  /** Own enumerable text form; JSON for objects. */
  readonly value: string;
  /** The name of the prototype: `Object`, `Array`, `null`, ...; for primitives the type's own. */
  readonly proto: string;
}

/** What a hook or a handler shall give, told in JSON. */
export interface Given {
  readonly make: string;
  readonly value?: unknown;
}

/** What goes on in `/hooks/play`. */
export interface Play {
  readonly before?: Given;
  readonly handler?: Given;
  readonly after?: Given;
  readonly error?: Given;
}

/** Handlers that show their arguments. */
export default function create(witness: Witness): TortureApp {
  class Root extends Controller<{ visits?: number }> {
    field = () => this.#ran('!field');

    index() {
      return this.#ran('index');
    }

    typed(text = 'none', count = 7, whole = 7n, flag = false, list: unknown[] = []) {
      this.#ran('typed');
      return [text, count, whole, flag, list].map(show);
    }

    plain(first: unknown, second?: unknown) {
      this.#ran('plain');
      return [first, second].map(show);
    }

    hostile({
      constructor: made = 'none',
      toString: text = 'none',
      hasOwnProperty: own = 'none',
      __proto__: proto = 'none',
    } = {}) {
      this.#ran('hostile');
      return [made, text, own, proto].map(show);
    }

    rest(...all: string[]) {
      this.#ran('rest');
      return all.map(show);
    }

    me(userId: string) {
      return this.#ran(`!me ${userId}`);
    }

    held(ctx: unknown, request: unknown) {
      this.#ran('held');
      return [ctx === this.ctx, request === this.request].map(show);
    }

    save(title = 'none') {
      this.#ran('save');
      return [title].map(show);
    }

    visit() {
      this.#ran('visit');
      this.session.visits = (this.session.visits ?? 0) + 1;
      return this.session.visits;
    }

    async upload(request: Request) {
      this.#ran('upload');
      const files = Object.values(request.files).flat();
      const texts = await Promise.all(files.map((file) => file?.text()));
      const fields = Object.values(request.bodyParams).flat();
      return [...files.map(() => null), ...fields, ...texts].map((value, index) => show(files[index] ?? value));
    }

    /** Takes its time before it reads. */
    async later(request: Request) {
      this.#ran('later');
      await sleep(50);
      const seen: string[] = [];
      for await (const { name } of request.parts()) seen.push(name);
      return seen;
    }

    async *stream(text = 'none') {
      this.#ran('stream');
      for (const value of [text, text]) yield JSON.stringify(show(value));
    }

    _hidden() {
      return this.#ran('!_hidden');
    }

    ws_chat() {
      return this.#ran('!ws_chat');
    }

    get trap(): string {
      return this.#ran('!trap');
    }

    #ran(name: string): string {
      note(this.ctx, name);
      return name;
    }

    static routes = { me: { session: ['userId'] }, save: 'POST', later: { body: 'stream' } };
  }

  class Hooked {
    play(ctx: Context, request: Request) {
      note(ctx, 'play');
      return make(playOf(request).handler, witness);
    }
  }

  const hook = {
    beforeRequest: (request: Request) => asAnswer(make(playOf(request).before, witness)),
    afterRequest: (request: Request) => asAnswer(make(playOf(request).after, witness)),
    onError: (request: Request) => asAnswer(make(playOf(request).error, witness)),
  };

  witness.watch(Root.prototype, Hooked.prototype, UploadedFile.prototype);
  const app = new Koa();
  app.use(tell());
  app.use(micropie(Hooked, { prefix: '/hooks', middlewares: [hook], session: false }));
  app.use(micropie(Root));
  return { app };
}

/** Tells of a value what matters. */
export function show(value: unknown): Shown {
  const proto: unknown = value === undefined || value === null ? null : Object.getPrototypeOf(value);
  const name = typeof proto === 'object' && proto !== null ? Reflect.get(proto, 'constructor') : undefined;
  return {
    type: typeof value,
    value: typeof value === 'object' && !types.isProxy(value) ? JSON.stringify(value) : String(value),
    proto: typeof name === 'function' ? name.name : 'null',
  };
}

function playOf(request: Request): Play {
  const play = request.json();
  return typeof play === 'object' && play !== null ? play : {};
}

/** Whatever a hook gives, its type says that it is an answer. */
function asAnswer(value: unknown): HookResponse | undefined {
  return value as HookResponse | undefined;
}

const MAKE: Readonly<Record<string, (value: unknown, witness: Witness) => unknown>> = {
  nothing: () => undefined,
  json: (value) => value,
  bytes: (value) => Buffer.from(String(value)),
  function: () => () => 'never',
  symbol: () => Symbol('never'),
  bigint: () => 1n,
  notANumber: () => Number.NaN,
  date: () => new Date(0),
  map: () => new Map([['a', 1]]),
  cycle: () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    return cycle;
  },
  generator: (value) => generate(listOf(value)),
  asyncGenerator: (value, witness) => witness.open(listOf(value)),
  response: (value) => new Response(String(value), { status: 203 }),
  reply: (value, witness) => {
    const { statusCode, body, headers } = Object(value);
    return reply(statusCode, isGiven(body) ? make(body, witness) : body, headers);
  },
  answer: (value, witness) => {
    const answer = Object(value);
    return isGiven(answer.body) ? { ...answer, body: make(answer.body, witness) } : answer;
  },
  promise: async (value, witness) => make(isGiven(value) ? value : undefined, witness),
  thrown: (value) => {
    throw value;
  },
  thrownError: (value) => {
    throw Object.assign(new Error('raised on purpose'), value);
  },
  rejected: (value) => Promise.reject(value),
};

function make(given: Given | undefined, witness: Witness): unknown {
  return given === undefined ? undefined : MAKE[given.make]?.(given.value, witness);
}

function isGiven(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && 'make' in value && typeof value.make === 'string';
}

function* generate(values: readonly unknown[]) {
  yield* values;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
