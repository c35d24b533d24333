import { countRow, type Row, type Settled, textRow } from '../option-rows.js';

/** The limits of multipart bodies, and where their files go. Sizes are in bytes. */
export interface UploadOptions {
  /** Files in one request; 10 where not given. */
  readonly maxFiles?: number | undefined;
  /** One file; 10 MiB where not given. */
  readonly maxFileSize?: number | undefined;
  /** Fields that are not files; 256 where not given. */
  readonly maxFields?: number | undefined;
  /** One such field; 64 KiB where not given. */
  readonly maxFieldSize?: number | undefined;
  /** Parts altogether; 1,000 where not given. */
  readonly maxParts?: number | undefined;
  /**
   * A folder that keeps the files that a handler was given, as arguments or by `request.files`, when its answer is
   * below 400. Where not given, all files are temporary.
   */
  readonly dir?: string | undefined;
}

const KIB = 1024;

export const UPLOAD_ROWS = {
  maxFiles: countRow(10),
  maxFileSize: countRow(10 * 1024 * KIB),
  maxFields: countRow(256),
  maxFieldSize: countRow(64 * KIB),
  maxParts: countRow(1000),
  dir: textRow(undefined),
} satisfies Record<keyof UploadOptions, Row<unknown>>;

/** The options with all defaults filled in. */
export type UploadSettings = Settled<typeof UPLOAD_ROWS>;
