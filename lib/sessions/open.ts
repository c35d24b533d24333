import type Application from 'koa';
import type { Context } from '../context.js';
import { AppSession, sessionProperty } from './app-session.js';
import { expose, sessionOf } from './context-session.js';
import { InMemorySessionBackend } from './memory.js';
import { isEqual, numberOf, type SessionSettings } from './options.js';
import { Sessions } from './own-session.js';
import { Records } from './records.js';
import { NO_SESSION, type RequestSession, refusedSession } from './session.js';

/**
 * Opens the session of a request: the app's own where it has one, that of `sessions()`, or else the one of the
 * mount's settings. It takes a promise only where there is something to wait for.
 */
export function openSession(ctx: Context, settings: SessionSettings): RequestSession | Promise<RequestSession> {
  if (!settings.enabled) return NO_SESSION;
  const opened = sessionOf(ctx);
  if (opened) return opened;
  const property = sessionProperty(ctx);
  if (property) return expose(ctx, new AppSession(ctx, property));
  const sessions = sessionsOf(ctx.app, settings);
  if (sessions.isRefused)
    return expose(
      ctx,
      refusedSession(() => refuse(settings.cookie)),
    );
  const session = sessions.open(ctx);
  return session instanceof Promise ? session.then((loaded) => expose(ctx, loaded)) : expose(ctx, session);
}

/** What each app has of them: a list, and where the settings of each mount lead in it. */
class AppSessions {
  readonly all: Sessions[] = [];
  readonly bySettings = new WeakMap<SessionSettings, Sessions>();
}

const sessionsOfApp = new WeakMap<Application, AppSessions>();

const settingsOfMount = new WeakMap<object, SessionSettings>();

/** Notes the settings of a mount, so that its app knows of all its mounts when it is asked for the first time. */
export function noteMount(mount: object, settings: SessionSettings): void {
  if (settings.enabled) settingsOfMount.set(mount, settings);
}

function sessionsOf(app: Application, settings: SessionSettings): Sessions {
  const known = sessionsOfApp.get(app) ?? register(app);
  return known.bySettings.get(settings) ?? add(known, settings);
}

/** Those within koa-mount or a router are not to be seen there: they are added when they are asked. */
function register(app: Application): AppSessions {
  const known = new AppSessions();
  sessionsOfApp.set(app, known);
  for (const middleware of app.middleware) {
    const settings = settingsOfMount.get(middleware);
    if (settings && !known.bySettings.has(settings)) add(known, settings);
  }
  return known;
}

function add({ all, bySettings }: AppSessions, settings: SessionSettings): Sessions {
  const shared = share(all, settings);
  bySettings.set(settings, shared);
  return shared;
}

/** Mounts with equal settings share their sessions; of those that differ under one cookie the first made counts. */
function share(all: Sessions[], settings: SessionSettings): Sessions {
  const equal = all.find((one) => isEqual(one.settings, settings));
  if (equal) return equal;
  const backend = settings.backend ?? new InMemorySessionBackend();
  const sessions = new Sessions(settings, new Records(backend, settings));
  all.push(sessions);
  const rivals = all.filter((one) => one.settings.cookie === settings.cookie);
  const first = Math.min(...rivals.map((one) => numberOf(one.settings)));
  for (const rival of rivals) rival.isRefused = numberOf(rival.settings) > first;
  return sessions;
}

function refuse(cookie: string): never {
  throw new TypeError(
    `Two mounts of this app have different session settings and the same cookie '${cookie}': give one of them another \`session.cookie\`, or both the same \`session\` and \`sessionBackend\``,
  );
}
