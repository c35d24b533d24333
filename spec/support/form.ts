/** A part of a multipart form: a file where it has a `filename`. */
export interface FormPart {
  readonly name: string;
  readonly content: string | Uint8Array;
  readonly filename?: string;
  readonly type?: string;
}

const BOUNDARY = 'a-boundary';

/** The content type of the forms made here. */
export const FORM_TYPE = `multipart/form-data; boundary=${BOUNDARY}`;

/** What ends a form. */
export const FORM_END = `\r\n--${BOUNDARY}--\r\n`;

export function field(name: string, content: string): FormPart {
  return { name, content };
}

export function file(name: string, content: string | Uint8Array, filename = 'file.txt'): FormPart {
  return { name, content, filename, type: 'text/plain' };
}

/** The bytes of a form, or with `end: ''` of its beginning. */
export function formOf(parts: readonly FormPart[], { end = FORM_END } = {}): Buffer {
  const bytes = parts.flatMap((part, index) => [
    Buffer.from(`${index === 0 ? '' : '\r\n'}--${BOUNDARY}\r\n${headOf(part)}\r\n\r\n`),
    Buffer.from(part.content),
  ]);
  return Buffer.concat([...bytes, Buffer.from(parts.length === 0 ? end.trimStart() : end)]);
}

function headOf({ name, filename, type }: FormPart): string {
  const disposition = `Content-Disposition: form-data; name="${name}"`;
  const fileName = filename === undefined ? '' : `; filename="${filename}"`;
  return `${disposition}${fileName}${type === undefined ? '' : `\r\nContent-Type: ${type}`}`;
}
