import type Koa from 'koa';
import type { Middleware } from 'koa';
import request, { type Response } from 'supertest';
import { Controller, type SessionBackend, type SessionData } from '../../lib/index.js';

/** The shortest way to hand a session of Express on, which knows nothing of a new one. */
export const plainProperty: Middleware = (ctx, next) => {
  ctx.session = Reflect.get(ctx.req, 'session');
  return next();
};

/** A controller that puts values into its session and takes them out, as the request says. */
export class Pad extends Controller {
  put(name: string, value: string) {
    this.session[name] = value;
    return 'put';
  }

  take(name: string) {
    return { value: this.session[name] ?? null };
  }

  drop(name: string) {
    delete this.session[name];
    return 'dropped';
  }

  empty() {
    this.session = {};
    return 'emptied';
  }

  end() {
    this.session = null;
    return 'ended';
  }

  async renew() {
    await this.ctx.session.regenerate();
    return 'renewed';
  }

  plain() {
    return 'plain';
  }
}

/** A backend as simple as one can be, which tells what it was asked. */
export class RecordingBackend implements SessionBackend {
  readonly records = new Map<string, SessionData>();
  readonly loads: string[] = [];
  readonly saves: { id: string; data: SessionData; timeout: number }[] = [];

  load(id: string): SessionData | undefined {
    this.loads.push(id);
    return this.records.get(id);
  }

  save(id: string, data: SessionData, timeout: number): void {
    this.saves.push({ id, data, timeout });
    if (timeout > 0) this.records.set(id, data);
    else this.records.delete(id);
  }
}

/** A visitor, whose browser keeps the cookies of an app. */
export function visitor(app: Koa) {
  return request.agent(app.callback());
}

/** Somebody whose browser keeps no cookies. */
export function guest(app: Koa) {
  return request(app.callback());
}

export function cookiesSetBy(response: Response): string[] {
  return response.get('Set-Cookie') ?? [];
}

/** The cookies that a response sets, as a browser sends them back. */
export function cookieHeader(response: Response): string {
  return cookiesSetBy(response)
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
}

export function idOf(response: Response): string {
  return /^session_id=([\w-]+)/.exec(cookieHeader(response))?.[1] ?? '';
}

/** Something that others wait for. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
