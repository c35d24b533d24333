import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import Koa, { type Middleware } from 'koa';
import request from 'supertest';

export const unexpectedErrors: unknown[] = [];
export const expectedErrors = new Map<Koa, unknown[]>();

/**
 * A Koa app of the given middleware. An error that reaches its `error` event with a status of 500 or above,
 * or without any, fails the test, unless `errorsOf(app)` was called before.
 */
export function appOf(...middleware: Middleware[]): Koa {
  const app = watched(new Koa());
  for (const one of middleware) app.use(one);
  return app;
}

/** Has an app that was made elsewhere watched for errors in the same way. */
export function watched(app: Koa): Koa {
  return app.on('error', (error) => {
    const list = expectedErrors.get(app);
    if (list) list.push(error);
    else if (!(error?.status < 500)) unexpectedErrors.push(error);
  });
}

/** Says that this app will have errors, and gives the list that they will be in. */
export function errorsOf(app: Koa): Error[] {
  const errors: Error[] = [];
  expectedErrors.set(app, errors);
  return errors;
}

// Koa tells the app of any error of the socket that a request came by, worded as Node does.
export const BROKEN_CONNECTION = /^(?:ECONNRESET|EPIPE|HPE_\w+|ERR_HTTP_REQUEST_TIMEOUT)$/;

/** Holds that an app was told of a broken connection, and beside it of nothing but refusals of what was cut off. */
export function expectBroken(errors: readonly Error[]): void {
  const told = errors.map((error) => ({ code: Reflect.get(error, 'code'), status: Reflect.get(error, 'status') }));
  const others = told.filter(({ code }) => !BROKEN_CONNECTION.test(String(code)));
  expect(told.length, 'errors told').to.be.above(others.length);
  expect(others.filter(({ status }) => status !== 400)).to.deep.equal([]);
}

/**
 * How specs ask over HTTP: a supertest agent without cookies, for an app or for one of the given middleware.
 *
 * @example
 * const { status, text } = await client(micropie(Root)).get('/greet/Alice');
 */
export function client(...served: readonly [Koa] | readonly Middleware[]) {
  const app = isApp(served) ? served[0] : appOf(...served);
  return request(app.callback());
}

function isApp(served: readonly [Koa] | readonly Middleware[]): served is readonly [Koa] {
  return served[0] instanceof Koa;
}

/** A server on a free port, for tests where bytes or connections matter; it is closed after the test's use. */
export async function withServer<T>(app: Koa, use: (port: number, server: Server) => Promise<T>): Promise<T> {
  const server = createServer(app.callback());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await use((server.address() as AddressInfo).port, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
