import { resultOf } from './decode.js';
import { encode } from './encode.js';
import type { CallOptions, Client, ClientOptions, OptionsOf } from './types.js';

/**
 * Makes a typed client of a controller's class: its methods, called from elsewhere.
 *
 * @typeParam C - The class, as in `typeof Root`; only its type is needed.
 * @param base - Where it is mounted: an address, or a path such as `/api`.
 * @param options - The declared paths in `routes`, which the compiler demands; `fetch`, `headers` and `signal`.
 * @returns Each method gives a result that can be awaited, or iterated where the server streams. A status of 400 and
 *   above rejects with `CallError`; what can't be sent throws a TypeError at once. Called itself, the client gives the
 *   same client with other options.
 *
 * @example
 * import type { Root } from './server.js';
 *
 * const api = client<typeof Root>('https://example.org', { routes: { tasks: { show: 'GET /:id' } } });
 * await api.greet('Alice');
 * await api({ signal: AbortSignal.timeout(1_000) }).tasks.show(7);
 */
export function client<C>(base: string | URL, ...options: OptionsOf<C>): Client<C>;
// To compare the options that a class demands with any other type would have the compiler look for all classes.
export function client(base: string | URL, ...options: readonly unknown[]): unknown {
  return surface(`${base}`.replace(/\/+$/, ''), Object(options[0]), []);
}

/** Every name leads further; the server alone knows which there are. */
function surface(base: string, options: ClientOptions, names: readonly string[]): unknown {
  return new Proxy(() => {}, {
    // `then` would be called by whoever awaits the client, `toJSON` by a logger. False and not undefined, since a text
    // that is made of the client would else be asked of the server's `toString`.
    get: (_target, name) =>
      typeof name === 'symbol' || /^(then|toJSON)$/.test(name) ? false : surface(base, options, [...names, name]),
    apply: (_target, _this, args: readonly unknown[]) =>
      names.length > 0 ? call(base, options, names, args) : surface(base, merge(options, Object(args[0])), names),
  });
}

function merge(options: ClientOptions, others: CallOptions): ClientOptions {
  const headers = new Headers(options.headers);
  for (const [name, value] of new Headers(others.headers)) headers.set(name, value);
  const { fetch = options.fetch, signal = options.signal } = others;
  return { ...options, fetch, signal, headers };
}

function call(base: string, options: ClientOptions, names: readonly string[], args: readonly unknown[]): object {
  const { method, path, isCall, body } = encode(names, pathOf(options.routes, names), args);
  const headers = new Headers(options.headers);
  if (isCall) headers.set('micropie-call', '1');
  if (typeof body === 'string') headers.set('content-type', 'application/json');
  const { fetch: send = fetch, signal = null } = options;
  return resultOf(send(base + path, { method, headers, body, signal }));
}

/** An empty one where none was told. */
function pathOf(routes: unknown, names: readonly string[]): string {
  let found = routes;
  for (const name of names) found = Object.hasOwn(Object(found), name) && Object(found)[name];
  return typeof found === 'string' ? found : '';
}
