import type { Agent, Test } from 'supertest';

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;
type Method = (typeof METHODS)[number];

/** A request of a script, with the answer that the script expects. */
export interface Exchange {
  /** The line, as the script has it. */
  readonly title: string;
  readonly method: Method;
  readonly target: string;
  /** What is sent beside: JSON, `name=value&...`, `name=value file=@name.txt`, or `Header: value`. */
  readonly sent: string;
  readonly answer: Answer;
}

export interface Answer {
  /** The status and the body on one line; a body that begins with the status does not repeat it. */
  readonly line: string;
  /** Those that the script names. */
  readonly headers: Record<string, string>;
}

const REQUEST = /^([A-Z]+) (\/\S*)(?: +(\S.*?))? +-> (\d{3}.*)$/;
const HEADER = /^([A-Za-z][A-Za-z-]*): (.+)$/;

/**
 * Reads a script: one request a line, its answer behind an arrow, and below it, indented, headers of the answer.
 *
 * @throws Error for any other line.
 */
export function parseScript(script: string): Exchange[] {
  const exchanges: Exchange[] = [];
  for (const line of script.split('\n').filter((one) => one.trim() !== '')) {
    const [, verb = '', target = '', sent = '', answer = ''] = REQUEST.exec(line) ?? [];
    const [, name = '', value = ''] = (line.startsWith(' ') && HEADER.exec(line.trim())) || [];
    const last = exchanges.at(-1);
    const method = verb.toLowerCase();
    if (isMethod(method))
      exchanges.push({ title: line.replace(/ +/g, ' '), method, target, sent, answer: { line: answer, headers: {} } });
    else if (last && name) last.answer.headers[name.toLowerCase()] = value;
    else throw new Error(`This is neither a request with its answer nor a header of an answer: ${line}`);
  }
  return exchanges;
}

function isMethod(name: string): name is Method {
  return METHODS.some((method) => method === name);
}

/** Sends a request, and tells of the answer what the script tells of it. */
export async function play({ method, target, sent, answer }: Exchange, agent: Agent): Promise<Answer> {
  const { status, headers, text, body } = await fill(agent[method](target), sent).buffer(true);
  const content = (text ?? (Buffer.isBuffer(body) ? body.toString() : '')).replaceAll('\n', '\\n');
  return {
    line: content.startsWith(`${status} `) ? content : `${status} ${content}`.trimEnd(),
    headers: Object.fromEntries(Object.keys(answer.headers).map((name) => [name, String(headers[name])])),
  };
}

function fill(test: Test, sent: string): Test {
  const [, name, value] = HEADER.exec(sent) ?? [];
  if (name && value) return test.set(name, value);
  if (sent.includes('=@')) return fillMultipart(test, new URLSearchParams(sent.replaceAll(' ', '&')));
  if (/^[{[]/.test(sent)) return test.type('json').send(sent);
  return sent === '' ? test : test.type('form').send(sent);
}

/** A file of a script holds its own name. */
function fillMultipart(test: Test, fields: URLSearchParams): Test {
  for (const [name, value] of fields)
    if (value.startsWith('@')) test.attach(name, Buffer.from(value.slice(1)), value.slice(1));
    else test.field(name, value);
  return test;
}
