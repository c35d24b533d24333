import { countRow, type Row, type Settled } from '../option-rows.js';

/** The largest bodies that are parsed, in bytes after decompression. */
export interface BodyLimits {
  /** A JSON body; 1 MiB where not given. */
  readonly jsonLimit?: number | undefined;
  /** A urlencoded form; 56 KiB where not given. */
  readonly formLimit?: number | undefined;
}

const KIB = 1024;

export const BODY_ROWS = {
  jsonLimit: countRow(1024 * KIB),
  // The limit of koa-bodyparser and co-body for forms.
  formLimit: countRow(56 * KIB),
} satisfies Record<keyof BodyLimits, Row<unknown>>;

/** The limits with all defaults filled in. */
export type BodySettings = Settled<typeof BODY_ROWS>;
