import { bodyOf } from '../body/body.js';
import { exchangeOf, type Request } from '../request.js';
import type { UploadLimits } from './limits.js';
import { readParts } from './parts.js';
import { Spool } from './spool.js';
import type { UploadedFile } from './uploaded-file.js';

/**
 * Prepares the receipt of multipart bodies: fields into memory, files onto disk, whatever their order.
 *
 * @returns A function that throws 400 for a malformed or incomplete body, 413 for one beyond the limits.
 */
export function prepareUploads(limits: UploadLimits): (request: Request) => Promise<void> {
  return async (request) => {
    const exchange = exchangeOf(request);
    const spool = new Spool(limits.dir);
    exchange.spool = spool;
    const fields: Record<string, string[]> = Object.create(null);
    const files: Record<string, UploadedFile[]> = Object.create(null);
    for await (const part of readParts(request.ctx.req, limits)) {
      if (part.kind === 'field') {
        if (part.value !== '') add(fields, part.name, part.value);
        continue;
      }
      const file = await spool.store(part);
      // A browser sends a file field that was left empty as a file without name and content.
      if (file.filename === '' && file.size === 0) await spool.drop(file);
      else add(files, part.name, file);
    }
    exchange.body = bodyOf({ fields, isMultipart: true });
    exchange.files = files;
  };
}

function add<T>(lists: Record<string, T[]>, name: string, value: T): void {
  const list = lists[name];
  if (list) list.push(value);
  else lists[name] = [value];
}
