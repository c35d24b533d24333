/** The limits of multipart bodies, and where their files go. Sizes are in bytes. */
export interface UploadOptions {
  /** Files in one request; 10 where not given. */
  readonly maxFiles?: number;
  /** One file; 10 MiB where not given. */
  readonly maxFileSize?: number;
  /** Fields that are not files; 256 where not given. */
  readonly maxFields?: number;
  /** One such field; 64 KiB where not given. */
  readonly maxFieldSize?: number;
  /** Parts altogether; 1,000 where not given. */
  readonly maxParts?: number;
  /** A folder that keeps the files; where not given, they are temporary. */
  readonly dir?: string;
}

/** The limits with all defaults filled in. */
export type UploadLimits = Required<Omit<UploadOptions, 'dir'>> & { readonly dir: string | undefined };
