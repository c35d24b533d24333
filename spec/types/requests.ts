import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import {
  type Context,
  type ContextSession,
  Controller,
  currentRequest,
  type Part,
  type Reply,
  type Request,
  type Route,
  reply,
  type SessionData,
  sse,
  type UploadedFile,
} from '../../lib/index.js';
import { typed } from './assert.js';

interface Visits {
  visits?: number;
}

export class Root extends Controller<Visits> {
  index() {
    typed<Visits>()(this.session);
    typed<number | undefined>()(this.session.visits);
    typed<Request<Visits>>()(this.request);
    typed<Visits>()(this.request.session);
    typed<Context & ContextSession>()(this.ctx);
    typed<Promise<void>>()(this.ctx.session.regenerate());
    typed<unknown>()(this.ctx.session['visits']);
    this.ctx.session = null;
    typed<Reply>()(this.redirect('/greet'));
    typed<Reply>()(this.redirect('/greet', 301, { 'X-Why': 'moved' }));
    typed<Promise<string>>()(this.render('page', { title: 'Hi' }));
    this.session = null;
    this.session = { visits: 1 };
    // @ts-expect-error the session holds numbers
    this.session.visits = 'one';
    // @ts-expect-error the session has no such member
    this.session.user = 'Alice';
    // @ts-expect-error data are named
    this.render('page', 'Hi');
    // @ts-expect-error a client does not go anywhere by itself for it
    this.redirect('/greet', 304);
    // @ts-expect-error headers come behind the status
    this.redirect('/greet', { 'X-Why': 'moved' });
    // @ts-expect-error the request is given, not set
    this.request = currentRequest();
  }
}

export class Untyped extends Controller {
  index() {
    typed<SessionData>()(this.session);
    typed<Request>()(this.request);
  }
}

// @ts-expect-error a session is an object
export class WrongSession extends Controller<string> {}

typed<Request<Visits>>()(currentRequest<Visits>());
typed<Request<SessionData>>()(currentRequest());

export async function requests(request: Request<Visits>): Promise<void> {
  typed<Context & ContextSession>()(request.ctx);
  typed<string>()(request.method);
  typed<Route | undefined>()(request.route);
  typed<readonly string[]>()(request.pathParams);
  typed<readonly string[] | undefined>()(request.queryParams['name']);
  typed<readonly unknown[] | undefined>()(request.bodyParams['name']);
  typed<readonly UploadedFile[] | undefined>()(request.files['name']);
  typed<IncomingHttpHeaders>()(request.headers);
  typed<AbortSignal>()(request.signal);
  typed<string | undefined>()(request.query('name'));
  typed<string>()(request.query('name', 'Guest'));
  typed<string | number>()(request.query('page', 1 as number));
  typed<unknown>()(request.form('name'));
  typed<unknown>()(request.json());
  typed<unknown>()(request.json('name', 'Guest'));
  for await (const part of request.parts()) {
    typed<Part>()(part);
    if (part.kind === 'file') typed<Readable>()(part.stream);
    else typed<string>()(part.value);
    // @ts-expect-error only a field has a value
    part.value;
  }
  // @ts-expect-error the method is the client's word
  request.method = 'GET';
  // @ts-expect-error a request has no such property
  request.user;
}

export async function uploads(file: UploadedFile): Promise<void> {
  typed<string>()(file.filename);
  typed<number>()(file.size);
  typed<string>()(file.path());
  typed<string>()(file.field);
  typed<string>()(file.contentType);
  typed<Buffer>()(await file.bytes());
  typed<string>()(await file.text());
  typed<string>()(await file.save('folder'));
  file.stream().pipe(process.stdout);
  // @ts-expect-error what the client said is not changed
  file.filename = 'other';
}

typed<Reply>()(reply(204));
typed<Reply>()(reply(410, 'Gone', { 'X-Why': 'expired', 'X-Count': 1, 'Set-Cookie': ['a=1', 'b=2'] }));
reply(200, { any: 'thing' }, [
  ['Set-Cookie', 'a=1'],
  ['Set-Cookie', 'b=2'],
]);
typed<number>()(reply(200).statusCode);
typed<unknown>()(reply(200).body);
// @ts-expect-error a status is a number
reply('200');
// @ts-expect-error headers are text or numbers
reply(200, '', { 'X-Flag': true });
// @ts-expect-error pairs have two members
reply(200, '', [['Set-Cookie']]);
// @ts-expect-error a status is needed
reply();

async function* events() {
  yield 'text';
  yield { data: { any: 'thing' }, event: 'news', id: 1, retry: 1000 };
}
typed<Reply>()(sse(events()));
sse(['text', { data: null }]);
// @ts-expect-error an event has data
sse([{ event: 'news' }]);
// @ts-expect-error events are texts or objects
sse([1]);
// @ts-expect-error a source is iterable
sse({ data: 'x' });
