import { expect } from 'chai';
import fc from 'fast-check';
import { print, type SeenPart } from './support/apps/conformance.js';
import { asSeen, BAD_FORMS, form, formRequest, multipart } from './support/forms.js';
import { damagedJson, INVALID, jsonText, POISONED, VALID } from './support/json.js';
import { type Answered, Line, type Sent } from './support/line.js';
import { tortured } from './support/torture.js';

const SEED = Number(process.env['FC_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const TIMEOUT = 60_000;
const BATCH = 20;

describe(`conformance, with FC_SEED=${SEED}`, () => {
  const server = tortured('conformance');
  const line = new Line(server);

  after(() => line.close());

  /** Holds the answers to many inputs against what they should be; then everything must be as it was. */
  async function all<T>(inputs: readonly T[], toSent: (input: T) => Sent, check: Check<T>): Promise<void> {
    const before = await server().begin();
    for (let at = 0; at < inputs.length; at += BATCH) {
      const batch = inputs.slice(at, at + BATCH);
      const answers = await line.exchange(batch.map(toSent));
      for (const [index, answer] of answers.entries()) check(answer, batch[index] as T);
    }
    line.close();
    await server().ledger({}, before);
  }

  /** The same for inputs made at random; one that fails is made as simple as it can be. */
  async function any<T>(count: number, input: fc.Arbitrary<T>, toSent: (input: T) => Sent, check: Check<T>) {
    const before = await server().begin();
    await fc.assert(
      fc.asyncProperty(fc.array(input, { minLength: 1, maxLength: 2 * BATCH, size: 'max' }), async (inputs) => {
        const answers = await line.exchange(inputs.map(toSent));
        for (const [index, answer] of answers.entries()) check(answer, inputs[index] as T);
      }),
      { seed: SEED, numRuns: Math.ceil(count / BATCH) },
    );
    line.close();
    await server().ledger({}, before);
  }

  describe('of JSON to RFC 8259', () => {
    for (const [what, texts] of Object.entries(VALID))
      it(`takes ${what}`, () => all(texts, jsonRequest, expectParsed)).timeout(TIMEOUT);

    for (const [what, texts] of Object.entries(INVALID))
      it(`refuses ${what}`, () => all(texts, jsonRequest, expectRefused)).timeout(TIMEOUT);

    it('takes a byte order mark and invalid UTF-8 as a browser does', () => {
      const cases: [Buffer, unknown][] = [
        [Buffer.from('\ufeff{"a":1}'), { a: 1 }],
        [Buffer.from('"a\xffb"', 'latin1'), 'a\ufffdb'],
        [Buffer.from('"\xed\xa0\x80"', 'latin1'), '\ufffd\ufffd\ufffd'],
      ];
      return all(
        cases,
        ([body]) => jsonRequest(body),
        (answer, [, value]) => expectValue(answer, value),
      );
    });

    it('takes any depth', () =>
      all(
        [1, 100, 10_000, 100_000].flatMap((depth) => [
          { depth, text: `${'['.repeat(depth)}${']'.repeat(depth)}` },
          { depth, text: `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}` },
        ]),
        ({ text }) => ({ ...jsonRequest(text), target: '/depth' }),
        (answer, { depth }) => expect(`${answer.status} ${answer.body}`).to.equal(`200 ${depth}`),
      )).timeout(TIMEOUT);

    it('refuses names that would reach a prototype, however they are written and wherever they are', () =>
      all(POISONED, jsonRequest, expectRefused));

    it('takes whatever the grammar makes, and reads it as JSON.parse does', () =>
      any(2000, jsonText, jsonRequest, expectParsed)).timeout(TIMEOUT);

    it('takes or refuses as JSON.parse does what differs from a valid text in one place', () =>
      any(3000, damagedJson, jsonRequest, (answer, text) => {
        if (isJson(text)) expectParsed(answer, text);
        else expectRefused(answer, text);
      })).timeout(TIMEOUT);
  });

  describe('of multipart to RFC 7578 and RFC 2046', () => {
    for (const target of ['/spooled', '/streamed']) {
      it(`reads every form that the rules allow, ${target.slice(1)}`, () =>
        any(
          1500,
          form,
          (one) => formRequest(target, one),
          (answer, { parts }) => {
            // A blank field counts as not given.
            const given = parts.filter(({ filename, content }) => filename !== undefined || content.length > 0);
            const seen = (target === '/streamed' ? parts : given).map(asSeen);
            expect(answer.status, `${answer.body}`).to.equal(200);
            const got: SeenPart[] = JSON.parse(answer.body.toString());
            if (target === '/streamed') expect(got).to.deep.equal(seen);
            else expect(got).to.have.deep.members(seen);
          },
        )).timeout(TIMEOUT);

      it(`refuses what the rules do not allow, ${target.slice(1)}`, () =>
        all(BAD_FORMS, ({ type, body }) => multipart(target, type, Buffer.from(body, 'latin1')), expectRefused));
    }
  });
});

type Check<T> = (answer: Answered, input: T) => void;

function jsonRequest(text: string | Buffer): Sent {
  return {
    method: 'POST',
    target: '/json',
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(text),
  };
}

function expectParsed(answer: Answered, text: string): void {
  // The bytes are what counts: halves of surrogate pairs have none.
  expectValue(answer, JSON.parse(Buffer.from(text).toString()));
}

function expectValue({ status, body, ran }: Answered, value: unknown): void {
  expect(status, `${body}`).to.equal(200);
  expect(ran).to.deep.equal(['json']);
  expect(JSON.parse(body.toString())).to.deep.equal({ printed: print(value) });
}

function expectRefused({ status, body, ran }: Answered, input: unknown): void {
  const text = `${body}`;
  // As a problem where the request is JSON.
  const told = text.startsWith('{') ? `400 Bad Request: ${JSON.parse(text).detail}` : text;
  expect(`${status} ${told}`, JSON.stringify(input)).to.match(/^400 400 Bad Request: (?:Bad |A part has no)/);
  // A method that reads its body itself has begun by then.
  expect(ran.filter((name) => name !== 'streamed')).to.deep.equal([]);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(Buffer.from(text).toString());
    return true;
  } catch {
    return false;
  }
}
