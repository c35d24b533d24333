import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { HttpMiddleware, type Request, reply, type SessionData } from '../../lib/index.js';

/** What a guard found out, in `ctx.state` for the handler behind it. */
export interface Known {
  user: string;
}

/** HTTP Basic (RFC 7617): a name and a password with each request. A browser asks for them by itself. */
export class BasicAuth extends HttpMiddleware {
  readonly #passwords: ReadonlyMap<string, string>;

  constructor(passwords: Readonly<Record<string, string>>) {
    super();
    this.#passwords = new Map(Object.entries(passwords));
  }

  override beforeRequest({ headers, ctx }: Request<SessionData, Known>) {
    const [, encoded = ''] = /^basic +([\w+/]+=*)$/i.exec(headers.authorization ?? '') ?? [];
    const [, name = '', password = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString()) ?? [];
    // An unknown name takes the same time as a known one.
    if (!isSame(password, this.#passwords.get(name) ?? randomUUID()))
      return reply(401, 'Name and password, please', { 'WWW-Authenticate': 'Basic realm="demo", charset="UTF-8"' });
    ctx.state.user = name;
    return undefined;
  }
}

/** Whose a token is, and what may be done with it. */
export interface Token {
  readonly token: string;
  readonly user: string;
  readonly scopes: readonly string[];
}

/** Bearer tokens (RFC 6750): a program sends one with each request. */
export class BearerAuth extends HttpMiddleware {
  readonly #tokens: readonly Token[];
  readonly #scope: string;

  constructor(tokens: readonly Token[], scope: string) {
    super();
    this.#tokens = tokens;
    this.#scope = scope;
  }

  override beforeRequest({ headers, ctx }: Request<SessionData, Known>) {
    const [, sent] = /^bearer +([\w.~+/-]+=*)$/i.exec(headers.authorization ?? '') ?? [];
    if (sent === undefined) return refuse(401, 'A token, please');
    const known = this.#tokens.find(({ token }) => isSame(sent, token));
    if (!known) return refuse(401, 'This token is not valid', 'error="invalid_token"');
    if (!known.scopes.includes(this.#scope))
      return refuse(
        403,
        `This token is not for '${this.#scope}'`,
        `error="insufficient_scope", scope="${this.#scope}"`,
      );
    ctx.state.user = known.user;
    return undefined;
  }
}

function refuse(status: 401 | 403, error: string, ...details: string[]) {
  return reply(status, { error }, { 'WWW-Authenticate': ['Bearer realm="demo"', ...details].join(', ') });
}

/** Digests are of equal length, so that the time of the comparison tells nothing. */
function isSame(one: string, other: string): boolean {
  return timingSafeEqual(digest(one), digest(other));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
