import type { Next } from 'koa';
import type { Context } from '../context.js';
import { report } from '../thrown.js';
import { openSession } from './open.js';
import { type SessionsOptions, settleSessions } from './options.js';
import { OwnSession } from './own-session.js';

/**
 * Makes a Koa middleware that gives `ctx.session` to the whole app. Put it in front of everything: all
 * middleware and controllers behind it use this session, whatever settings they have themselves.
 *
 * @param options - The settings of the cookie, the seconds for which a session is kept, and the backend.
 * @throws TypeError for an option that is unknown or wrong. A request: 503 when the backend fails.
 *
 * @example
 * app.use(sessions({ timeout: 3600, backend: redisSessionBackend(client) }));
 * app.use(async (ctx, next) => {
 *   ctx.state.user = ctx.session.user;
 *   await next();
 * });
 * app.use(micropie(Root));
 */
export function sessions(options: SessionsOptions = {}): (ctx: Context, next: Next) => Promise<void> {
  const settings = settleSessions(options);
  return async function sessions(ctx: Context, next: Next): Promise<void> {
    const session = await openSession(ctx, settings);
    // Another one in front of it ends the session when that is through.
    if (!(session instanceof OwnSession) || session.isHeld()) return next();
    session.hold();
    try {
      await next();
    } catch (error) {
      session.fail();
      await session.save()?.catch((failed) => report(failed, ctx));
      throw error;
    }
    const saving = session.save();
    session.release();
    await saving;
  };
}
