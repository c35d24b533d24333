import type { Context } from 'koa';
import { micropie, type Request, type Routes } from '../../lib/index.js';
import { appOf, withServer } from './app.js';
import { textOfProblem } from './problem.js';
import { chunked, post, type RawResponse, withSocket } from './socket.js';

export const JSON_TYPE = 'application/json';
export const FORM_TYPE = 'application/x-www-form-urlencoded';
export const JSON_LIMIT = 1024 * 1024;
export const FORM_LIMIT = 56 * 1024;

export class Root {
  json(request: Request) {
    return { json: request.json(), names: Object.keys(request.bodyParams) };
  }

  form(request: Request) {
    return request.bodyParams;
  }

  size(request: Request) {
    return [...Object.values(request.bodyParams).flat().join('')].length;
  }

  list(request: Request) {
    return Object.values(request.bodyParams).flat().length;
  }

  koa(ctx: Context) {
    return { body: ctx.request.body ?? 'nothing' };
  }

  async raw(ctx: Context) {
    const chunks: Buffer[] = [];
    for await (const chunk of ctx.req) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  greet(name = 'Guest') {
    return name;
  }

  needs(name: string) {
    return name;
  }

  member(name: string) {
    return name;
  }

  async parts(request: Request) {
    const fields: Record<string, string[]> = {};
    for await (const part of request.parts()) if (part.kind === 'field') fields[part.name] = [part.value];
    return fields;
  }

  static routes = {
    raw: { body: 'stream' },
    parts: { body: 'stream' },
    member: { session: ['name'] },
  } satisfies Routes<Root>;
}

export const root = () => appOf(micropie(Root));

/** Sends one request over a connection of its own. */
export function ask(app: ReturnType<typeof appOf>, head: string, body: string | Uint8Array): Promise<RawResponse> {
  const bytes = Buffer.concat([Buffer.from(head), Buffer.from(body)]);
  return withServer(app, (port) => withSocket(port, (client) => client.exchange(bytes)));
}

/** Posts a body with a declared length. */
export function declare(path: string, type: string, body: string | Uint8Array, headers = ''): Promise<RawResponse> {
  return ask(root(), post(path, type, Buffer.byteLength(body), headers), body);
}

/** Posts the same body in chunks. */
export function inChunks(path: string, type: string, body: string | Uint8Array, headers = ''): Promise<RawResponse> {
  return ask(root(), post(path, type, 'chunked', headers), chunked(Buffer.from(body), 16 * 1024));
}

export const WAYS = { 'with a declared length': declare, 'in chunks': inChunks };

/** JSON of exactly so many bytes, which ends in a character of several bytes. */
export function jsonOf(bytes: number): string {
  return `{"a":"${'x'.repeat(bytes - 10)}é"}`;
}

export function result({ status, headers, body }: RawResponse): string {
  return `${status} ${textOfProblem(headers['content-type'], String(body))}`;
}
