import fc from 'fast-check';
import type { Given, Play } from '../apps/fuzz.js';
import type { Sent } from '../line.js';

export function played(play: Play): Sent {
  const body = Buffer.from(JSON.stringify(play));
  return { method: 'POST', target: '/hooks/play', headers: [['Content-Type', 'application/json']], body };
}

// Behind a 205 Koa ends the connection, and with it the requests that are already on their way.
const goodStatus = fc.constantFrom(200, 201, 204, 301, 304, 400, 404, 418, 422, 500, 503, 599);
const goodBody = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.array(fc.integer()),
  fc.record({ a: fc.string() }),
);
const goodHeaders = fc.dictionary(fc.stringMatching(/^x-[a-h]{1,8}$/), fc.oneof(fc.constant('v'), fc.integer()));
const goodAnswer = fc
  .record({ statusCode: goodStatus, body: goodBody, headers: goodHeaders }, { requiredKeys: ['statusCode', 'body'] })
  .map((value) => ({ make: 'answer', value }));
const nothing = fc.constant({ make: 'nothing' });

/** Plays of which is plain how they end. */
export const properPlay: fc.Arbitrary<{ play: Play; status: number; ran: readonly string[] }> = fc.oneof(
  fc.record({ before: goodAnswer, handler: fc.constant({ make: 'thrown' }), after: goodAnswer }).map((play) => ({
    play,
    status: play.before.value.statusCode,
    ran: [],
  })),
  fc
    .record({ before: nothing, handler: goodAnswer.map((given) => ({ ...given, make: 'reply' })), after: nothing })
    .map((play) => ({ play, status: play.handler.value.statusCode, ran: ['play'] })),
  fc
    .record({ handler: goodBody.map((value) => ({ make: 'json', value })), after: goodAnswer })
    .map((play) => ({ play, status: play.after.value.statusCode, ran: ['play'] })),
  fc
    .record({
      handler: fc.constantFrom({ make: 'thrown' }, { make: 'thrownError' }),
      after: goodAnswer,
      error: goodAnswer,
    })
    .map((play) => ({ play, status: play.error.value.statusCode, ran: ['play'] })),
);

const anyStatus = fc.oneof(
  goodStatus,
  fc.integer({ min: -1000, max: 1000 }),
  fc.constantFrom<unknown>(100, 101, 199, 600, '200', null, 200.5, 1e21, [200], {}),
);
const anyHeaderValue = fc.oneof(
  fc.constantFrom<unknown>(
    'a\r\nX-Injected: 1',
    'a\nX-Injected: 1',
    'a\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    'é',
    '€',
    '\0',
  ),
  fc.constantFrom<unknown>('', null, 1, true, [], ['a', 'b\r\nX-Injected: 1'], [['a']], {}),
  fc.string(),
);
const anyHeaderName = fc.oneof(
  fc.constantFrom('Set-Cookie', 'Transfer-Encoding', 'Content-Type', 'Content-Encoding', 'Date', 'ETag', 'Location'),
  fc.constantFrom('X-A\r\nX-Injected', 'X Injected', '', '__proto__', 'constructor', 'X-Ok', 'x-ok', 'Status'),
  fc.string({ maxLength: 5 }),
);

/** Anything that a hook or a handler could give. What a broken stream does to the connection is told elsewhere. */
export const wildPlay: fc.Arbitrary<Play> = fc.oneof(
  wild(fc.constantFrom('generator', 'asyncGenerator', 'response', 'json', 'bytes'), anyHeaderName),
  wild(fc.constantFrom('json', 'bytes'), fc.oneof(anyHeaderName, fc.constant('Content-Length'))),
);

function wild(makeBody: fc.Arbitrary<string>, headerName: fc.Arbitrary<string>): fc.Arbitrary<Play> {
  const texts = fc.oneof(fc.string(), fc.array(fc.string()));
  const body = fc.oneof(
    { weight: 4, arbitrary: fc.record({ make: makeBody, value: texts }) },
    fc.record({
      make: fc.constantFrom('function', 'symbol', 'bigint', 'notANumber', 'date', 'map', 'cycle', 'nothing'),
    }),
    fc.record({ make: fc.constant('json'), value: fc.jsonValue() }),
  );
  const headers = fc.oneof(
    fc.dictionary(headerName, anyHeaderValue, { maxKeys: 4 }),
    fc.array(fc.oneof(fc.tuple(headerName, anyHeaderValue), fc.array(anyHeaderValue)), { maxLength: 4 }),
    fc.constantFrom<unknown>('X: y', 1, null, [['X']]),
  );
  const answer = fc.record({
    make: fc.constantFrom('answer', 'reply'),
    value: fc.record({ statusCode: anyStatus, body, headers }, { requiredKeys: [] }),
  });
  const failure = fc.record({
    make: fc.constantFrom('thrown', 'thrownError', 'rejected'),
    value: fc.oneof(
      fc.jsonValue(),
      fc.record(
        {
          status: anyStatus,
          statusCode: anyStatus,
          expose: fc.boolean(),
          message: fc.constantFrom<unknown>('no', 'a\r\nb', '', 1, null, {}),
          headers: fc.dictionary(anyHeaderName, anyHeaderValue),
          code: fc.constantFrom<unknown>('ENOENT', 'ECONNRESET', 1),
        },
        { requiredKeys: [] },
      ),
    ),
  });
  const direct: fc.Arbitrary<Given> = fc.oneof(body, answer, answer, failure, nothing);
  const given = fc.oneof(
    { weight: 5, arbitrary: direct },
    direct.map((value) => ({ make: 'promise', value })),
  );
  const rarely = fc.oneof({ weight: 3, arbitrary: nothing }, given);
  return fc.record({ before: rarely, handler: given, after: rarely, error: rarely }, { requiredKeys: ['handler'] });
}
