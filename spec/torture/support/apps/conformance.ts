import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import Koa from 'koa';
import { micropie, type Part, type Request } from '../../../../lib/index.js';
import { note, tell } from '../tell.js';
import type { TortureApp, Witness } from '../witness.js';

/** A part of a form, as a handler got it. */
export interface SeenPart {
  readonly name: string;
  /** Base64 for files, text for fields. */
  readonly content: string;
  readonly filename?: string;
  readonly type?: string;
}

/** A text of a value that tells apart what JSON does not: -0, the infinities, halves of surrogate pairs. */
export function print(value: unknown): string {
  return inspect(value, {
    depth: Number.POSITIVE_INFINITY,
    maxArrayLength: null,
    maxStringLength: null,
    breakLength: Number.POSITIVE_INFINITY,
  });
}

/** Handlers that tell of their bodies. */
export default function create(witness: Witness): TortureApp {
  class Root {
    json(request: Request) {
      note(request.ctx, 'json');
      return { printed: print(request.json()) };
    }

    depth(request: Request) {
      note(request.ctx, 'depth');
      let depth = 0;
      for (let value = request.json(); typeof value === 'object' && value !== null; [value] = Object.values(value))
        depth += 1;
      return depth;
    }

    async spooled(request: Request): Promise<SeenPart[]> {
      note(request.ctx, 'spooled');
      const fields = Object.entries(request.bodyParams).flatMap(([name, values = []]) =>
        values.map((value) => ({ name, content: String(value) })),
      );
      const files = Object.values(request.files).flatMap((list = []) =>
        list.map(async (file) => ({
          name: file.field,
          content: (await file.bytes()).toString('base64'),
          filename: file.filename,
          type: file.contentType,
        })),
      );
      return [...fields, ...(await Promise.all(files))];
    }

    async streamed(request: Request): Promise<SeenPart[]> {
      note(request.ctx, 'streamed');
      const seen: SeenPart[] = [];
      for await (const part of request.parts()) seen.push(await see(part));
      return seen;
    }

    static routes = { streamed: { body: 'stream' } };
  }

  witness.watch(Root.prototype);
  const app = new Koa();
  app.use(tell());
  app.use(micropie(Root, { session: false }));
  return { app };
}

async function see(part: Part): Promise<SeenPart> {
  const { name } = part;
  if (part.kind === 'field') return { name, content: part.value };
  const content = (await buffer(part.stream)).toString('base64');
  return { name, content, filename: part.filename, type: part.contentType };
}
