import { setTimeout as sleep } from 'node:timers/promises';
import Koa from 'koa';
import mount from 'koa-mount';
import { Controller, micropie, type SessionData } from '../../../../lib/index.js';
import { RecordingBackend } from '../../../support/sessions.js';
import type { TortureApp, Witness } from '../witness.js';

/** What a store may do, instead of its work. */
const TROUBLES: Record<string, () => unknown> = {
  fails: () => Promise.reject(new Error('the store is down')),
  throws: () => {
    throw new Error('the store is down');
  },
  'rejects with nothing': () => Promise.reject(),
  hangs: () => new Promise(() => {}),
  'gives a list': () => ['x'],
  'gives a text': () => 'x',
  'gives a number': () => 42,
  'gives null': () => null,
  'gives nothing': () => undefined,
};

/** Values that JSON can not carry, or not as they are. */
const VALUES: Record<string, () => unknown> = {
  cycle: () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    return cycle;
  },
  bigint: () => 10n,
  map: () => new Map([['a', 1]]),
  date: () => new Date(0),
  nan: () => Number.NaN,
  undefined: () => undefined,
  function: () => () => {},
  symbol: () => Symbol('x'),
  deep: () => JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`),
  deeper: () => {
    let deep: unknown = 'bottom';
    for (let n = 0; n < 100_000; n += 1) deep = [deep];
    return deep;
  },
  large: () => 'x'.repeat(5_000_000),
  getter: () => ({
    get trap(): never {
      throw new Error('the getter throws');
    },
  }),
};

export default function create(witness: Witness): TortureApp {
  const backend = new RecordingBackend();
  const load = backend.load.bind(backend);
  const save = backend.save.bind(backend);
  let loading = '';
  let saving = '';
  let delay = 0;
  backend.load = (id) => {
    const data = load(id);
    if (loading) return TROUBLES[loading]?.() as SessionData;
    return delay ? (sleep(delay, data) as unknown as SessionData) : data;
  };
  backend.save = (id, data, timeout) => {
    if (saving) return TROUBLES[saving]?.() as never;
    if (delay) return sleep(delay).then(() => save(id, data, timeout)) as never;
    return save(id, data, timeout);
  };

  class Root extends Controller {
    plain() {
      witness.ran('plain');
      return 'plain';
    }

    put(name: string, value: string) {
      witness.ran('put');
      this.session[name] = value;
      return 'put';
    }

    async putLate(name: string, value: string, ms = 30) {
      witness.ran('putLate');
      this.session[name] = value;
      await sleep(ms);
      return 'put';
    }

    take(name: string) {
      witness.ran('take');
      return { value: this.session[name] ?? null };
    }

    all() {
      witness.ran('all');
      return this.session;
    }

    value(what: string) {
      witness.ran('value');
      this.session['value'] = VALUES[what]?.();
      return 'stored';
    }

    fails() {
      witness.ran('fails');
      this.session['failed'] = true;
      throw Object.assign(new Error('The handler fails'), { status: 418 });
    }

    async renew() {
      witness.ran('renew');
      await this.ctx['session'].regenerate();
      return 'renewed';
    }

    large(name: string) {
      witness.ran('large');
      this.session[name] = 'x'.repeat(1_040_000);
      return 'large';
    }

    end() {
      witness.ran('end');
      this.session = null;
      return 'ended';
    }
  }

  witness.watch(Root.prototype, Controller.prototype);
  const app = new Koa();
  const signed = new Koa();
  signed.keys = ['a key'];
  signed.use(micropie(Root, { prefix: '/signed', sessionBackend: backend }));
  const answerSigned = signed.callback();
  app.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/signed')) return next();
    ctx.respond = false;
    await answerSigned(ctx.req, ctx.res);
  });
  /** Sub-apps with settings of their own, without any, and with those of another. */
  for (const [path, session] of Object.entries({
    one: { cookie: 'one' },
    two: { cookie: 'two' },
    too: { cookie: 'two' },
  })) {
    const sub = new Koa();
    sub.use(micropie(Root, { session }));
    app.use(mount(`/sub/${path}`, sub));
  }
  app.use(mount('/memory', micropie(Root, { session: { cookie: 'memory' } })));
  app.use(micropie(Root, { sessionBackend: backend }));
  return {
    app,
    commands: {
      trouble(how) {
        const { load = '', save = '', ms = 0 } = how as { load?: string; save?: string; ms?: number };
        [loading, saving, delay] = [load, save, ms];
      },
      records: () => Object.fromEntries(backend.records),
      store(id, data) {
        backend.records.set(String(id), data as SessionData);
      },
      loads: () => backend.loads,
      clear() {
        backend.records.clear();
        backend.loads.splice(0);
      },
    },
  };
}
