/** A field of a form that makes a request. */
export interface RequestField {
  /** Of the segment, the query parameter or the body's member; `''` where the value is the whole body. */
  readonly name: string;
  readonly type: string;
  /** Of a file that is not chosen yet, `''`. */
  readonly value: string | File;
}

/** A request as people and curl write it. */
export interface WrittenRequest {
  readonly method: string;
  /** The path with the query. */
  readonly address: string;
  readonly type?: string;
  readonly body?: string;
  /** Of a multipart form. */
  readonly parts?: readonly RequestField[];
}

/** @param path - With `:name` or `*name` where a field's value goes. */
export function requestOf(form: {
  readonly method: string;
  readonly path: string;
  readonly isJson: boolean;
  readonly fields: readonly RequestField[];
}): WrittenRequest;

/** The command line that sends it. */
export function curlOf(request: WrittenRequest, origin: string): string;
