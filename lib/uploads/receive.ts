import { argumentsOfForm, filesAmong, isCall, nameArguments, type Positions } from '../binding/positions.js';
import { bodyOf } from '../body/body.js';
import { isSent, whenClosed } from '../koa-compat.js';
import { exchangeOf, type Request } from '../request.js';
import { report } from '../thrown.js';
import type { UploadSettings } from './options.js';
import { readParts } from './parts.js';
import { sweepAbandoned } from './private-folder.js';
import { Spool, spoolParent } from './spool.js';
import type { UploadedFile } from './uploaded-file.js';

/** Without `store` the files are checked in the same way, but not kept: for a request whose files nobody can see. */
type Receive = (request: Request, positions: Positions, store?: boolean) => Promise<void>;

/**
 * Prepares the receipt of multipart bodies: fields into memory, files onto disk, whatever their order. Deletes what
 * a process that was killed has left where files go.
 *
 * @param settings - `false` refuses every multipart body with 415.
 * @returns A function that throws 400 for a malformed or incomplete body, 413 for one beyond the limits.
 */
export function prepareUploads(settings: UploadSettings | false): Receive {
  if (settings) void sweepAbandoned(spoolParent(settings.dir));
  return async (request, positions, store = true) => {
    const spool = new Spool(settings ? settings.dir : undefined);
    const exchange = exchangeOf(request);
    const { req, res } = request.ctx;
    exchange.spool = spool;
    const fields: Record<string, string[]> = Object.create(null);
    const files: Record<string, UploadedFile[]> = Object.create(null);
    for await (const part of readParts(req, settings)) {
      if (part.kind === 'field') {
        if (part.value !== '') add(fields, part.name, part.value);
        continue;
      }
      if (!store) continue;
      const file = await spool.store(part);
      // A browser sends a file field that was left empty as a file without name and content.
      if (file.filename === '' && file.size === 0) await spool.drop(file);
      else add(files, part.name, file);
    }
    const call = isCall(request.ctx) ? nameArguments(positions, argumentsOfForm(fields, files)) : undefined;
    await spool.complete(call ? filesAmong(call.fields) : files);
    whenClosed(res, () => {
      if (!isSent(res)) spool.abandon().catch((error) => report(error, request.ctx));
    });
    exchange.body = call ? { ...call, isMultipart: true } : bodyOf({ fields, isMultipart: true });
  };
}

function add<T>(lists: Record<string, T[]>, name: string, value: T): void {
  const list = lists[name];
  if (list) list.push(value);
  else lists[name] = [value];
}
