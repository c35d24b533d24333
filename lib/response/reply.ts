import { isPromiseLike } from '../values.js';

/** Headers as a record, or as a list of pairs, which may repeat a name. */
export type HeadersLike =
  | Readonly<Record<string, string | number | readonly string[]>>
  | readonly (readonly [string, string])[];

/** A list of header names and values that hooks may push to. */
export type HeaderPairs = [name: string, value: string][];

/**
 * A status, a body and headers as one value; made by `reply`.
 *
 * @typeParam Body - What is sent.
 * @typeParam Status - The status, as far as the compiler knows it.
 */
export class Reply<Body = unknown, Status extends number = number> {
  readonly statusCode: Status;
  readonly body: Body;
  readonly headers: HeaderPairs;

  /** @internal */
  constructor(statusCode: Status, body: Body, headers: HeaderPairs) {
    this.statusCode = statusCode;
    this.body = body;
    this.headers = headers;
  }
}

/**
 * Answers with a status of your own, and headers, from a handler or a hook.
 *
 * @param status - A whole number from 200 to 599.
 * @param body - Anything that a handler may return; left out, Koa sends the status's name.
 * @param headers - Headers, as a record or as a list of pairs.
 * @throws TypeError for a status out of range, headers of another form, or a body that is a reply or a promise.
 *
 * @example
 * gone() { return reply(410, 'Gone', { 'X-Why': 'expired' }); }
 */
export function reply<Status extends number>(status: Status): Reply<undefined, Status>;
export function reply<Status extends number, Body>(
  status: Status,
  body: Body,
  headers?: HeadersLike,
): Reply<Body, Status>;
export function reply(status: number, body?: unknown, headers?: HeadersLike): Reply {
  if (body instanceof Reply)
    throw new TypeError(
      'The body of reply() is a reply itself, as sse() and redirect() make them: return that, and push to its `headers`',
    );
  if (isPromiseLike(body)) {
    // Nobody waits for it any more: its own error would end the process.
    if (body instanceof Promise) body.catch(() => {});
    throw new TypeError('The body of reply() is a promise: await it');
  }
  return new Reply(checkStatus(status), body, toPairs(headers));
}

/** @throws TypeError for what is no status of a whole answer. */
export function checkStatus(status: unknown): number {
  if (typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599) return status;
  throw new TypeError(`A status must be a whole number from 200 to 599, not ${String(status)}`);
}

/** @throws TypeError for what is neither a record nor a list of pairs. */
export function toPairs(headers: unknown): HeaderPairs {
  if (headers === undefined || headers === null) return [];
  if (typeof headers !== 'object') throw new TypeError('Headers must be an object or a list of [name, value] pairs');
  if (!Array.isArray(headers)) return Object.entries(headers).flatMap(([name, value]) => pairsOf(name, value));
  return headers.flatMap((pair: unknown) => {
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new TypeError('A list of headers must hold [name, value] pairs');
    return pairsOf(String(pair[0]), pair[1]);
  });
}

function pairsOf(name: string, value: unknown): HeaderPairs {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.map((one) => [name, String(one)]);
}
