// Of the package's own types one widens all requests of Express.
declare module 'cookie-session' {
  import type { RequestHandler } from 'express';

  export default function cookieSession(options: { secret: string }): RequestHandler;
}
