import type { Body } from './body/body.js';
import type { Context } from './context.js';
import type { Route } from './routing/route.js';
import { NO_SESSION, type RequestSession } from './sessions/session.js';
import type { UploadSettings } from './uploads/options.js';
import type { Spool } from './uploads/spool.js';
import type { Render } from './views.js';

/** What a mount lends to its requests. */
export interface Tools {
  readonly uploads: UploadSettings | false;
  readonly render: Render;
}

/** All that is known of one request on its way; `Request` is what handlers and hooks see of it. */
export class Exchange {
  readonly ctx: Context;
  /** Undefined where none was found. */
  readonly route: Route | undefined;
  readonly pathParams: readonly string[];
  readonly tools: Tools;
  session: RequestSession = NO_SESSION;
  /** Undefined until there is a body that is read. */
  body: Body | undefined;
  /** The uploaded files; undefined until there are any to receive. */
  spool: Spool | undefined;

  constructor(ctx: Context, route: Route | undefined, pathParams: readonly string[], tools: Tools) {
    this.ctx = ctx;
    this.route = route;
    this.pathParams = pathParams;
    this.tools = tools;
  }
}
