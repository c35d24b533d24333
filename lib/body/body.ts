import { emptyLists, type Lists } from './pairs.js';

/** A request's body, as far as it is parsed before the before hooks run. */
export interface Body {
  /** The parsed JSON; undefined for any other body. */
  readonly json: unknown;
  /** The fields of a form, or the members of a JSON object. */
  readonly fields: Lists<unknown>;
  /** Whether it is a multipart form, which is received after the before hooks. */
  readonly isMultipart: boolean;
  /** Whether it has content of a type that nobody reads. */
  readonly isUnreadType: boolean;
  /** Whether its values came by position, from the typed client, and so have types of their own. */
  readonly isCall: boolean;
}

/** A body whose members are empty or false where not given. */
export function bodyOf({
  json,
  fields = emptyLists(),
  isMultipart = false,
  isUnreadType = false,
  isCall = false,
}: Partial<Body>): Body {
  return { json, fields, isMultipart, isUnreadType, isCall };
}
