import Koa from 'koa';
import { Controller, micropie, type Request } from '../../../../lib/index.js';
import { classOf } from '../../../support/source.js';
import type { TortureApp, Witness } from '../witness.js';

/** Handlers that answer with what they were given. */
export default function create(witness: Witness): TortureApp {
  /** Marks what JSON would not show: undefined, inherited things. */
  function show(value: unknown): unknown {
    if (value === undefined) return '(undefined)';
    return typeof value === 'bigint' ? `${value}n` : value;
  }

  class Root extends Controller {
    any(a: unknown) {
      witness.ran('any');
      return { a: show(a), type: Array.isArray(a) ? 'list' : typeof a };
    }

    optional(a?: string, { b = 'none' } = {}) {
      witness.ran('optional');
      return { a: show(a), b };
    }

    text(a = '') {
      witness.ran('text');
      return { a };
    }

    count(a = 1) {
      witness.ran('count');
      return { a };
    }

    flag(a = false) {
      witness.ran('flag');
      return { a };
    }

    list(a = []) {
      witness.ran('list');
      return { a };
    }

    length(a = '') {
      witness.ran('length');
      return a.length;
    }

    pattern({ constructor: made, __proto__: proto, a = 'none' }: Record<string, unknown>) {
      witness.ran('pattern');
      return { made: show(made), proto: show(proto), a };
    }

    // biome-ignore lint/suspicious/noShadowRestrictedNames: the name is what is tested
    inherited(toString: unknown) {
      witness.ran('inherited');
      return { toString: show(toString) };
    }

    query(request: Request) {
      witness.ran('query');
      const { queryParams } = request;
      return { names: Object.keys(queryParams), lists: Object.entries(queryParams), proto: protoOf(queryParams) };
    }

    fields(request: Request) {
      witness.ran('fields');
      const { bodyParams } = request;
      return { names: Object.keys(bodyParams), lists: Object.entries(bodyParams), proto: protoOf(bodyParams) };
    }

    held(ctx: unknown, request: unknown) {
      witness.ran('held');
      return { ctx: typeof ctx, request: typeof request };
    }
  }

  const Forms = classOf(
    `
    brackets(a = ')', b = "(,", c = 'x') { ran('brackets'); return [a, b, c]; }
    comments(/* x, */ a /* = 1 */ = 'x', // , b
      b = 'y') { ran('comments'); return [a, b]; }
    regular(a = /[)/*,]/.source, b = 'y') { ran('regular'); return [a, b]; }
    template(a = \`\${'),'}\`, b = 'y') { ran('template'); return [a, b]; }
    arrow(a = (x, y) => x + y, b = 'y') { ran('arrow'); return [typeof a, b]; }
    rest(a, ...more) { ran('rest'); return [a, more]; }
    nested({ a, b: { c } = { c: 'deep' } }, d = 'd') { ran('nested'); return [a, c, d]; }
    async later(a, b = 'y') { ran('later'); return [a, b]; }
    *many(a, b = 'y') { ran('many'); yield JSON.stringify([a, b]); }
    async *manyLater(a, b = 'y') { ran('manyLater'); yield JSON.stringify([a, b]); }
    ['com' + 'puted'](a, b = 'y') { ran('computed'); return [a, b]; }
    'robots.txt'(a = 'x') { ran('robots.txt'); return [a]; }
    caf\u00e9(\u00e9t\u00e9 = 'x') { ran('caf\u00e9'); return [\u00e9t\u00e9]; }
    $(_a = 'x', $b = 'y') { ran('$'); return [_a, $b]; }
    #secret = 's';
    hidden(a = 'x') { ran('hidden'); return [a, this.#secret]; }
    `,
    { ran: (name: string) => witness.ran(name) },
    'Forms',
  );

  witness.watch(Root.prototype, Forms.prototype);
  const app = new Koa();
  app.use(micropie(Forms, { prefix: '/forms' }));
  app.use(micropie(Root));
  return { app };
}

function protoOf(value: object): string {
  return Object.getPrototypeOf(value) === null ? 'null' : 'inherits';
}
