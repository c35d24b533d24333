import type { Parameter } from '../binding/parameters.js';

/** What a controller serves at one path. */
export interface Route {
  /** The method's name; behind the field's of a nested controller, as in `tasks.show`. */
  readonly name: string;
  /** The path that leads to it, the mount's prefix included, as in `/tasks/:id`. */
  readonly path: string;
  /** What a client, or the session, may give. */
  readonly parameters: readonly Parameter[];
  /** The HTTP methods that reach it; `*` for any. */
  readonly methods: readonly string[];
}
