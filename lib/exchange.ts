import type { Body } from './body/body.js';
import type { Lists } from './body/pairs.js';
import type { Context } from './context.js';
import type { Route } from './routing/route.js';
import { NO_SESSION, type RequestSession } from './sessions/session.js';
import type { UploadLimits } from './uploads/limits.js';
import type { Spool } from './uploads/spool.js';
import type { UploadedFile } from './uploads/uploaded-file.js';
import type { Render } from './views.js';

/** What a mount lends to its requests. */
export interface Tools {
  readonly uploads: UploadLimits;
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
  /** Whether the session was looked at on the way to the answer, which then is for this visitor alone. */
  readsSession = false;
  /** Undefined until there is a body that is read. */
  body: Body | undefined;
  files: Lists<UploadedFile> | undefined;
  spool: Spool | undefined;

  constructor(ctx: Context, route: Route | undefined, pathParams: readonly string[], tools: Tools) {
    this.ctx = ctx;
    this.route = route;
    this.pathParams = pathParams;
    this.tools = tools;
  }
}
