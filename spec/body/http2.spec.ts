import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { micropie } from '../../lib/index.js';
import { appOf, errorsOf } from '../support/app.js';
import { FORM_TYPE, JSON_TYPE, Root, root } from '../support/bodies.js';
import { answerOf, begin, exchange, pour, withHttp2 } from '../support/http2.js';
import { countRequests } from '../support/pending.js';
import { eventually } from '../support/socket.js';

describe('Over HTTP/2', () => {
  const BODIES: [what: string, type: string, body: string, path: string, answer: string][] = [
    ['JSON', JSON_TYPE, '{"name":"Alice"}', '/greet', '200 Alice'],
    ['a form', FORM_TYPE, 'name=Alice', '/greet', '200 Alice'],
    [
      'a multipart form',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nAlice\r\n--b--\r\n',
      '/greet',
      '200 Alice',
    ],
    ['empty JSON', JSON_TYPE, '', '/greet', '400 400 Bad Request: Bad JSON'],
    [
      'a type that nobody reads',
      'text/plain',
      'x',
      '/needs',
      "415 415 Unsupported Media Type: Missing required parameter 'name'; a body is read as " +
        'application/json, application/x-www-form-urlencoded or multipart/form-data',
    ],
  ];
  for (const [what, type, body, path, answer] of BODIES)
    it(`reads a body without a length: ${what}`, async () => {
      expect(await withHttp2(root(), (session) => exchange(session, path, type, body))).to.equal(answer);
    });

  it('waits for no body of a request that has none', async () => {
    await withHttp2(root(), async (session) => {
      for (const method of ['GET', 'DELETE']) {
        const stream = session.request({ ':method': method, ':path': '/greet', 'content-type': JSON_TYPE });
        expect(await answerOf(stream)).to.equal('200 Guest');
      }
    });
  });

  for (const [what, headers, body] of [
    ['JSON', {}, Buffer.from('{"name":"')],
    ['compressed JSON', { 'content-encoding': 'gzip' }, gzipSync('{"name":"Alice"}').subarray(0, 12)],
  ] as const)
    it(`gives up a body that its client cancels: ${what}`, async () => {
      const counter = countRequests();
      const app = appOf(counter, micropie(Root));
      const errors = errorsOf(app);
      await withHttp2(app, async (session) => {
        const stream = begin(session, '/greet', JSON_TYPE, headers);
        stream.write(body);
        await eventually(() => counter.pending === 1, 'the request arrives');
        stream.cancel();
        await eventually(() => counter.pending === 0, 'the request is given up');
      });
      expect(errors.map(({ message }) => message)).to.include('Bad body');
    });

  const MIB = 1024 * 1024;
  for (const [what, size, least, most] of [
    ['takes all that a client still sends after a refusal', 2, 2, 3],
    ['ends the stream, and not the connection, of a client that sends very much more', 64, 16, 32],
  ] as const)
    it(what, async () => {
      const app = appOf(micropie(Root, { body: { jsonLimit: 10 } }));
      await withHttp2(app, async (session) => {
        const stream = begin(session, '/greet', JSON_TYPE);
        const pouring = pour(stream, size * MIB);
        expect(await answerOf(stream)).to.equal('413 413 Payload Too Large: The body exceeds 10 bytes');
        await pouring;
        expect(session.socket.bytesWritten / MIB).to.be.within(least, most);
        expect(await exchange(session, '/greet', FORM_TYPE, 'name=Alice')).to.equal('200 Alice');
      });
    });
});
