import { expect } from 'chai';
import fc from 'fast-check';
import { client } from '../../lib/client/index.js';
import { type Context, micropie, type UploadedFile } from '../../lib/index.js';
import { appOf, withServer } from '../support/app.js';

let given: unknown[] = [];
const keep = (...args: unknown[]) => {
  given = args;
};

class Root {
  all(ctx: Context, a: unknown = undefined, b: unknown = undefined, c: unknown = undefined) {
    keep(ctx.path, a, b, c);
  }
  rest(...values: unknown[]) {
    keep(...values);
  }
  pattern({ x, y = null }: { x: unknown; y?: unknown }, z: unknown) {
    keep(x, y, z);
  }
  segments(a: string, b = '', c = '') {
    keep(a, b, c);
  }
  path(a: string, ...more: string[]) {
    keep(a, ...more);
  }
  query({ texts, number, flag }: { texts: string[]; number: number; flag: boolean }) {
    keep(texts, number, flag);
  }
  async files(a: unknown, b: unknown, c: unknown) {
    keep(await textOf(a), await textOf(b), await textOf(c));
  }
  static routes = {
    segments: 'GET',
    path: 'GET /x/:a/*more',
    query: { path: 'DELETE', params: [] },
  } as const;
}

/** Files as their content, in whatever holds them. */
async function textOf(value: unknown): Promise<unknown> {
  if (typeof value !== 'object' || value === null) return value;
  if ('text' in value && typeof value.text === 'function') return `file ${await (value as UploadedFile | Blob).text()}`;
  if (Array.isArray(value)) return Promise.all(value.map(textOf));
  const members = Object.entries(value).map(async ([key, member]) => [key, await textOf(member)] as const);
  return Object.fromEntries(await Promise.all(members));
}

// With lone surrogates, controls, and all of unicode. The server refuses __proto__ in JSON.
const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', '"', '\\') }),
);
const key = text.filter((name) => name !== '__proto__');
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (Object.is(n, -0) ? 0 : n)),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const isWellFormed = (value: string) => !/\p{Cs}/u.test(value);
/** What a path can carry. */
const segment = fc
  .oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string(),
    fc.constantFrom('/', '%', '%2F', '?', '#', '\\', ' ', '+', '...', 'ü', '%2e'),
  )
  .filter((value) => isWellFormed(value) && !/^\.{0,2}$|[\0-\x1f\x7f]/.test(value));
const RUNS = { numRuns: 200 };

describe('arguments that a client sends', function () {
  this.timeout(60_000);

  const withClient = (use: (api: ReturnType<typeof client<typeof Root>>) => Promise<void>) =>
    withServer(appOf(micropie(Root)), (port) =>
      use(
        client<typeof Root>(`http://127.0.0.1:${port}`, {
          routes: { segments: 'GET', path: 'GET /x/:a/*more', query: 'DELETE' },
        }),
      ),
    );

  it('arrive as they were: every JSON value, and gaps', () =>
    withClient((api) =>
      fc.assert(
        fc.asyncProperty(fc.array(fc.option(json, { nil: undefined }), { maxLength: 3 }), async ([a, b, c]) => {
          await api.all(a, b, c);
          expect(given).to.deep.equal(['/all', a, b, c]);
        }),
        RUNS,
      ),
    ));

  it('arrive in a rest parameter', () =>
    withClient((api) =>
      fc.assert(
        fc.asyncProperty(fc.array(json, { maxLength: 8 }), async (values) => {
          await api.rest(...values);
          expect(given).to.deep.equal(values);
        }),
        RUNS,
      ),
    ));

  it('arrive in an object pattern', () =>
    withClient((api) =>
      fc.assert(
        fc.asyncProperty(json, fc.option(json, { nil: undefined }), json, async (x, y, z) => {
          await api.pattern({ x, y }, z);
          expect(given).to.deep.equal([x, y === undefined ? null : y, z]);
        }),
        RUNS,
      ),
    ));

  it('arrive by a path', () =>
    withClient((api) =>
      fc.assert(
        fc.asyncProperty(segment, fc.array(segment, { maxLength: 2 }), async (a, more) => {
          await api.segments(a, ...more);
          expect(given).to.deep.equal([a, more[0] ?? '', more[1] ?? '']);
          await api.path(a, ...more);
          expect(given).to.deep.equal([a, ...more]);
        }),
        RUNS,
      ),
    ));

  it('arrive by a query', () =>
    withClient((api) =>
      fc.assert(
        fc.asyncProperty(
          fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => isWellFormed(value)),
          fc.integer(),
          fc.boolean(),
          async (one, number, flag) => {
            await api.query({ texts: [one], number, flag });
            expect(given).to.deep.equal([one, `${number}`, `${flag}`]);
          },
        ),
        RUNS,
      ),
    ));

  it('arrive with files among them, wherever these are', () =>
    withClient((api) => {
      const file = fc.string({ minLength: 1 }).map((content) => new File([content], 'a'));
      const name = fc.string().filter((member) => member !== '__proto__');
      const some = fc.oneof(
        json,
        file,
        fc.array(fc.oneof(json, file), { maxLength: 3 }),
        fc.dictionary(name, fc.oneof(file, fc.array(file, { maxLength: 3 })), { maxKeys: 2 }),
      );
      return fc.assert(
        fc.asyncProperty(some, some, some, async (a, b, c) => {
          await api.files(a, b, c);
          expect(given).to.deep.equal(await Promise.all([a, b, c].map(textOf)));
        }),
        { numRuns: 100 },
      );
    }));

  it('are dates as text', () =>
    withClient(async (api) => {
      const date = new Date(0);
      await api.all(date, [date]);
      expect(given).to.deep.equal(['/all', '1970-01-01T00:00:00.000Z', ['1970-01-01T00:00:00.000Z'], undefined]);
    }));

  it('are refused where they hold a bigint', () =>
    withClient(async (api) => {
      for (const value of [1n, [1n], { a: 1n }]) expect(() => api.all(value)).to.throw(TypeError);
    }));
});
