import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { chunks, hello, ROUTES, routeName } from '../work.js';

const text = (res, body) => {
  res.setHeader('Content-Type', 'text/plain; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(body);
};

const route = (handlers) =>
  createServer((req, res) => {
    const [, name, argument] = req.url.split('/');
    const handler = handlers.get(name);
    if (handler) handler(req, res, argument === undefined ? undefined : decodeURIComponent(argument));
    else res.writeHead(404).end();
  });

const greet = (_req, res, name) => text(res, hello(name));

export const works = {
  greet: () => route(new Map([['greet', greet]])),
  routes: () => route(new Map(Array.from({ length: ROUTES }, (_, index) => [routeName(index), greet]))),
  stream: () => route(new Map([['stream', (_req, res) => Readable.from(chunks(), { objectMode: false }).pipe(res)]])),
};
