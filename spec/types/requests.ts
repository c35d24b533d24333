import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import {
  type Context,
  type ContextSession,
  Controller,
  currentRequest,
  type EventStream,
  micropie,
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

interface Account {
  user: { name: string };
}

export class OfState extends Controller<Visits, Account> {
  index(_ctx: Context<Account>, request: Request<Visits, Account>) {
    typed<Request<Visits, Account>>()(this.request);
    typed<Context<Account> & ContextSession>()(this.ctx);
    typed<Account>()(this.ctx.state);
    typed<Account>()(this.request.ctx.state);
    typed<string>()(request.ctx.state.user.name);
    typed<Account>()(currentRequest<Visits, Account>().ctx.state);
    // @ts-expect-error hooks hand no such thing over
    this.ctx.state.role;
    // @ts-expect-error a user has a name
    this.ctx.state.user = {};
  }
}
micropie(OfState, {
  middlewares: [
    {
      beforeRequest(request: Request<Visits, Account>) {
        request.ctx.state.user = { name: 'Alice' };
      },
    },
  ],
});

// @ts-expect-error a state is an object
export class WrongState extends Controller<Visits, string> {}

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

typed<Reply<undefined, 204>>()(reply(204));
typed<Reply<undefined, 204>>()(reply(204, undefined, { 'X-Why': 'empty' }));
typed<Reply<string, 410>>()(reply(410, 'Gone', { 'X-Why': 'expired', 'X-Count': 1, 'Set-Cookie': ['a=1', 'b=2'] }));
typed<Reply<{ id: number }, 201 | 202>>()(reply(201 as 201 | 202, { id: 1 }));
export const anyReply: Reply = reply(204);
reply(200, { any: 'thing' }, [
  ['Set-Cookie', 'a=1'],
  ['Set-Cookie', 'b=2'],
]);
typed<200>()(reply(200).statusCode);
typed<number>()(reply(200 as number).statusCode);
typed<unknown>()(anyReply.body);
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
interface News {
  data: { any: string };
  event: string;
  id: number;
  retry: number;
}
typed<Reply<EventStream<'text' | News>, 200>>()(sse(events()));
sse(['text', { data: null }]);
// @ts-expect-error an event has data
sse([{ event: 'news' }]);
// @ts-expect-error events are texts or objects
sse([1]);
// @ts-expect-error a source is iterable
sse({ data: 'x' });
