import { type Lists, NO_LISTS } from './pairs.js';

/** A request's body, as far as it is parsed before the handler runs. */
export interface Body {
  /** The parsed JSON; undefined where the body is of another kind. */
  readonly json: unknown;
  /** The fields of a form, or the members of a JSON object. */
  readonly fields: Lists<unknown>;
  /** Whether it is a multipart form, which is received after the before hooks. */
  readonly isMultipart: boolean;
}

export const NO_BODY: Body = { json: undefined, fields: NO_LISTS, isMultipart: false };
export const MULTIPART_BODY: Body = { ...NO_BODY, isMultipart: true };
