import { expect } from 'chai';
import fc from 'fast-check';
import { FORM_TYPE } from '../support/form.js';
import { eventually, type RawResponse } from '../support/socket.js';
import { expectAnswer, expected, expectSound, pairsOf, rawSegments } from './support/fuzz/model.js';
import { played, properPlay, wildPlay } from './support/fuzz/plays.js';
import {
  bodyMethod,
  boundRequest,
  contentType,
  encodedBody,
  FORMS,
  fieldsOf,
  handlerName,
  headers,
  multipartType,
  mutated,
  pathRequest,
  RAW_REQUESTS,
  rawQuery,
  SPLIT,
  toSent,
  upload,
} from './support/fuzz/requests.js';
import { bytesOf, inTime, Line } from './support/line.js';
import { type Expected, tortured } from './support/torture.js';

const REQUESTS = 20_000;
const SEED = Number(process.env['FC_SEED'] ?? Math.trunc(Math.random() * 2 ** 31));
const TIMEOUT = 120_000;
const BATCH = 15;
// Milliseconds after which no further answer is waited for.
const SILENCE = 100;
const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']);

describe(`fuzzing, with FC_SEED=${SEED}`, () => {
  const server = tortured('fuzz', {
    flags: ['--disable-warning=KOA_MICROPIE_TUPLE', '--disable-warning=KOA_MICROPIE_SOCKET_SERVE'],
  });
  const line = new Line(server);
  let sent = 0;

  after(() => line.close());

  /** Checks a property of lists of inputs, until this many requests went out; then everything must be as it was. */
  async function fuzz<T>(
    requests: number,
    input: fc.Arbitrary<T>,
    check: (inputs: T[]) => Promise<void>,
    { forgives = false, expected = {} }: { forgives?: boolean; expected?: Expected } = {},
  ): Promise<void> {
    const before = await server().begin();
    const batches = fc.array(input, { minLength: 1, maxLength: 2 * BATCH - 1, size: 'max' });
    await fc.assert(
      fc.asyncProperty(batches, async (inputs) => {
        sent += inputs.length;
        await check(inputs);
      }),
      {
        seed: SEED,
        numRuns: Math.ceil((1.1 * requests) / BATCH),
        // So that the failing input is told, even where it was not made simple in time.
        interruptAfterTimeLimit: TIMEOUT / 2,
        markInterruptAsFailure: true,
      },
    );
    line.close();
    const { failures } = await server().report();
    expect(failures, 'failures behind the back').to.deep.equal([]);
    if (forgives) await server().tell('forget');
    await server().ledger(expected, before);
  }

  it('finds the route of a path, and runs no other', () =>
    fuzz(4500, pathRequest, async (inputs) => {
      const answers = await line.exchange(inputs);
      for (const [index, input] of inputs.entries()) {
        const [path = '', query = ''] = input.target.split(/\?(.*)/s);
        expectAnswer(answers[index], expected(input.method, rawSegments(path), pairsOf(query), {}), input);
      }
    })).timeout(TIMEOUT);

  it('binds what the request has under the name, in order, and converts it or refuses it', () =>
    fuzz(4500, boundRequest, async (inputs) => {
      const answers = await line.exchange(inputs.map(toSent));
      for (const [index, input] of inputs.entries()) {
        const { method, handler, segments, query, body } = input;
        const path = [handler, ...segments].map((one) => encodeURIComponent(one));
        const read = BODY_METHODS.has(method) ? body : {};
        expectAnswer(answers[index], expected(method, path, query, fieldsOf(read)), input, body.json !== undefined);
      }
    })).timeout(TIMEOUT);

  it('reads any query as text', () =>
    fuzz(3000, fc.tuple(handlerName, rawQuery), async (inputs) => {
      const answers = await line.exchange(inputs.map(([name, query]) => ({ target: `/${name}?${query}` })));
      for (const [index, [name, query]] of inputs.entries()) {
        const answer = answers[index];
        const pairs = pairsOf(query);
        // What is not UTF-8 becomes replacement characters, how many is nowhere said.
        if (pairs.flat().join('').includes('\ufffd')) expectSound(answer, name);
        else expectAnswer(answer, expected('GET', [name], pairs, {}), query);
      }
    })).timeout(TIMEOUT);

  it('takes nothing from any header but the session', () =>
    fuzz(2000, fc.tuple(fc.constantFrom('visit', 'typed', 'hostile', 'held'), headers), async (inputs) => {
      const answers = await line.exchange(inputs.map(([name, headers]) => ({ target: `/${name}`, headers })));
      for (const [index, [name, headers]] of inputs.entries()) {
        const answer = answers[index];
        if (name !== 'visit') expectAnswer(answer, expected('GET', [name], [], {}), headers);
        expect(answer?.status).to.equal(200);
        const [, id = 'none'] = /session_id=([^;]+)/.exec(answer?.headers['set-cookie'] ?? '') ?? [];
        expect(JSON.stringify(headers)).not.to.include(id);
      }
    })).timeout(TIMEOUT);

  it('parses a body, or refuses it before any handler runs', () =>
    fuzz(3000, fc.tuple(handlerName, bodyMethod, contentType, encodedBody), async (inputs) => {
      const requests = inputs.map(([name, method, type, { encoding, body }]) => ({
        method,
        target: `/${name}`,
        headers: [['Content-Type', type] as const, ...encoding.map((value) => ['Content-Encoding', value] as const)],
        body,
      }));
      const answers = await line.exchange(requests);
      for (const [index, [name]] of inputs.entries()) expectSound(answers[index], name);
    })).timeout(TIMEOUT);

  it('reads a damaged multipart body, or refuses it before any handler runs', () =>
    fuzz(2000, fc.tuple(multipartType, mutated(FORMS)), async (inputs) => {
      const answers = await line.exchange(inputs.map(([type, body]) => upload(type, body)));
      for (const answer of answers) expectSound(answer, 'upload');
    })).timeout(TIMEOUT);

  it('reads a body in the same way wherever the network splits it', async () => {
    const before = await server().begin();
    for (const [whole, name] of SPLIT) {
      const { length } = whole.body ?? [];
      const cuts = [...Array(length).keys()].slice(1).map((cut) => [cut]);
      const split = [...cuts, 'everywhere' as const].map((cuts) => ({ ...whole, cuts }));
      const [answer, ...answers] = await line.exchange([whole, ...split]);
      sent += 1 + split.length;
      expectSound(answer, name);
      expect(answer?.status, `${answer?.body}`).to.equal(200);
      for (const [index, { status, body }] of answers.entries())
        expect(`${status} ${body}`, `split at ${index + 1}`).to.equal(`200 ${answer?.body}`);
    }
    line.close();
    await server().ledger({}, before);
  }).timeout(TIMEOUT);

  it('answers as hooks say where they say it properly', () =>
    fuzz(1500, properPlay, async (inputs) => {
      const answers = await line.exchange(inputs.map(({ play }) => played(play)));
      for (const [index, { status, ran }] of inputs.entries())
        expect(answers[index], JSON.stringify(inputs[index])).to.deep.include({ status, ran });
    })).timeout(TIMEOUT);

  it('gives one answer, and nothing of it in the wrong place, whatever hooks and handlers give', () =>
    fuzz(
      2000,
      wildPlay,
      async (inputs) => {
        const answers = await line.exchange(inputs.map(played));
        for (const { status, headers } of answers) {
          expect(status).to.be.within(200, 599);
          expect(headers).not.to.have.property('x-injected');
        }
      },
      // The app is to hear of what its hooks do wrong.
      { forgives: true },
    )).timeout(TIMEOUT);

  it('answers requests with damaged bytes or hangs up, and never fails', () =>
    fuzz(
      1000,
      mutated(RAW_REQUESTS),
      async (inputs) => {
        const answers = await Promise.all(inputs.map(answersToRaw));
        for (const { status, headers } of answers.flat()) {
          expect(status).to.be.below(500);
          if (status >= 400) expect(headers['x-ran'] ?? '').to.equal('');
        }
      },
      { expected: { connection: 'either' } },
    )).timeout(TIMEOUT);

  it('is through with a request whose connection breaks when its body has come, but is not yet read', async () => {
    const before = await server().begin();
    for (const form of FORMS) {
      const client = await server().connect();
      await client.send(bytesOf({ ...upload(FORM_TYPE, form), target: '/later' }, 0));
      await eventually(async () => (await server().report()).pending > 0, 'the request has come');
      client.reset();
      await eventually(async () => (await server().report()).pending === 0, 'the request is over');
    }
    await server().ledger({ connection: 'either' }, before);
  });

  it(`has sent ${REQUESTS} requests`, () => {
    expect(sent).to.be.at.least(REQUESTS);
  });

  /** Sends bytes on a connection of their own, and reads answers until there is silence. */
  async function answersToRaw(bytes: Uint8Array): Promise<RawResponse[]> {
    const client = await server().connect();
    const answers: RawResponse[] = [];
    try {
      await client.send(bytes);
      for (;;) answers.push(await inTime(client.response(), SILENCE));
    } catch (error) {
      const [, rest] = /closed the connection after: (.*)$/s.exec(String(error)) ?? [];
      expect(rest ?? '', 'what follows the answers').to.equal('');
      return answers;
    } finally {
      client.socket.destroy();
    }
  }
});
