// As much of it as specs use. Its own types (@types/express-session 1.19) would be those of every request of Express.
declare module 'express-session' {
  import type { RequestHandler } from 'express';

  export class MemoryStore {
    destroy(id: string, callback?: (error?: unknown) => void): void;
  }

  export interface Settings {
    readonly secret: string;
    readonly resave: boolean;
    readonly saveUninitialized: boolean;
    readonly store?: MemoryStore;
    readonly cookie?: { readonly maxAge: number };
    readonly rolling?: boolean;
    readonly unset?: 'keep' | 'destroy';
  }

  export default function session(settings: Settings): RequestHandler;
}
