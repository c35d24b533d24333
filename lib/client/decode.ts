import { parse, parseEvents, type ReceivedEvent } from './events.js';

/**
 * An answer of 400 and above.
 *
 * @example
 * try {
 *   await api.tasks.show(7);
 * } catch (error) {
 *   if (error instanceof CallError && error.status === 404) return undefined;
 *   throw error;
 * }
 */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly status: number;
  /** What was answered: a problem (RFC 9457), other JSON, text or bytes. */
  readonly body: unknown;
  /** The answer itself, whose body is read. */
  readonly response: Response;

  /** @internal */
  constructor(response: Response, body: unknown) {
    super(messageOf(body) || `${response.status} ${response.statusText}`);
    this.status = response.status;
    this.body = body;
    this.response = response;
  }
}

function messageOf(body: unknown): string | undefined {
  const { detail, title } = Object(body);
  return [body, detail, title].find((one): one is string => typeof one === 'string');
}

/** What a call gives: its result, when awaited, or chunks and events, when iterated. */
export function resultOf(answer: Promise<Response>): object {
  const accepted = answer.then(async (response) => {
    if (response.status < 400) return response;
    throw new CallError(response, await read(response));
  });
  let whole: Promise<unknown> | undefined;
  const result = () => {
    whole ??= accepted.then(read);
    return whole;
  };
  return {
    // biome-ignore lint/suspicious/noThenProperty: a body must not be read before it is known how it shall be read.
    then: (...handlers: Parameters<Promise<unknown>['then']>) => result().then(...handlers),
    catch: (handler: () => unknown) => result().catch(handler),
    finally: (handler: () => void) => result().finally(handler),
    [Symbol.toStringTag]: 'Call',
    [Symbol.asyncIterator]: () => iterate(accepted),
  };
}

function typeOf({ headers }: Response): string {
  return headers.get('content-type') ?? '';
}

const TEXT = /^text\/|[/+](xml|json)\b|javascript/;

async function read(response: Response): Promise<unknown> {
  const type = typeOf(response);
  if (!TEXT.test(type)) {
    const bytes = new Uint8Array(await response.arrayBuffer());
    return type || bytes.length > 0 ? bytes : undefined;
  }
  const text = await response.text();
  if (!/[/+]json\b/.test(type)) return text;
  // A proxy in between may say of its error page that it is JSON.
  return text ? (response.status < 400 ? JSON.parse : parse)(text) : undefined;
}

async function* iterate(
  answer: Promise<Response>,
): AsyncGenerator<string | Uint8Array | ReceivedEvent, void, undefined> {
  const response = await answer;
  const { body } = response;
  if (!body) return;
  const type = typeOf(response);
  if (!TEXT.test(type)) return yield* chunksOf(body);
  const texts = chunksOf(body.pipeThrough(new TextDecoderStream()));
  yield* type.startsWith('text/event-stream') ? parseEvents(texts) : texts;
}

/** By a reader, since not every browser can iterate a stream. */
async function* chunksOf<T>(stream: ReadableStream<T>): AsyncGenerator<T, void, undefined> {
  const reader = stream.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) yield chunk.value;
  } finally {
    reader.cancel().catch(() => {});
  }
}
