import { emptyLists, type Lists } from './pairs.js';

/** A request's body, as far as it is parsed before the handler runs. */
export interface Body {
  /** The parsed JSON; undefined where the body is of another kind. */
  readonly json: unknown;
  /** The fields of a form, or the members of a JSON object. */
  readonly fields: Lists<unknown>;
  /** Whether it is a multipart form, which is received after the before hooks. */
  readonly isMultipart: boolean;
  /** The type of a body that nobody reads here. */
  readonly unreadType: string | undefined;
}

/** A body of which all that is not given is empty. */
export function bodyOf({ json, fields = emptyLists(), isMultipart = false, unreadType }: Partial<Body>): Body {
  return { json, fields, isMultipart, unreadType };
}
