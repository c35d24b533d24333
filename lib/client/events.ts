/** A server-sent event, as `EventSource` gives it; data that were no text are parsed. */
export interface ReceivedEvent {
  readonly data: unknown;
  /** The event's type; `message` where the server gave none. */
  readonly event: string;
  /** The last id that the server gave. */
  readonly id: string;
}

/** Parses a stream of events (WHATWG HTML, section 9.2.6). */
export async function* parseEvents(texts: AsyncIterable<string>): AsyncGenerator<ReceivedEvent, void, undefined> {
  let unread = '';
  let data: string[] = [];
  let event = '';
  let id = '';
  let isText = false;
  for await (const text of texts) {
    unread += text;
    // To split all of a long line with each of its pieces would take seconds for some MiB.
    if (!/[\r\n]/.test(text)) continue;
    // A CR at the end may be the first half of a CRLF.
    const lines = unread.split(/\r\n|\n|\r(?!$)/);
    unread = lines.pop() ?? '';
    for (const line of lines) {
      const [, field, value = ''] = /^(.*?)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === 'data') data.push(value);
      else if (field === 'event') event = value;
      else if (field === 'id' && !value.includes('\0')) id = value;
      // The comment by which the server marks text that looks like JSON.
      else if (line === ': text') isText = true;
      if (line !== '') continue;
      const whole = data.join('\n');
      if (data.length > 0) yield { data: isText ? whole : parse(whole), event: event || 'message', id };
      data = [];
      event = '';
      isText = false;
    }
  }
}

/** The value of JSON; the text itself where it is none. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
