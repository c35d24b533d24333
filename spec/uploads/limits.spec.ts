import { expect } from 'chai';
import { micropie, type Request, type UploadOptions } from '../../lib/index.js';
import { appOf, withServer } from '../support/app.js';
import { FORM_END, FORM_TYPE, type FormPart, field, file, formOf } from '../support/form.js';
import { chunked, post, withSocket } from '../support/socket.js';
import { ask, Echo, expectNothingLeft, json, MIB, result, send, useFolders } from '../support/uploads.js';

describe('Upload limits', () => {
  useFolders();
  afterEach(expectNothingLeft);

  const times = (count: number, part: (index: number) => FormPart) => Array.from({ length: count }, (_, n) => part(n));
  const fields = (count: number) => times(count, (n) => field(`f${n}`, 'x'));
  const files = (count: number) => times(count, (n) => file('data', `${n}`));

  const LIMITS: [what: string, uploads: UploadOptions, fits: FormPart[], exceeds: FormPart[], message: string][] = [
    ['files by default', {}, files(10), files(11), 'More than 10 files'],
    ['fields by default', {}, fields(256), fields(257), 'More than 256 fields'],
    [
      'the size of fields by default',
      {},
      [field('a', 'x'.repeat(65_536))],
      [field('a', 'x'.repeat(65_537))],
      'A field exceeds 65536 bytes',
    ],
    [
      'the size of files by default',
      {},
      [file('a', Buffer.alloc(10 * MIB))],
      [file('a', Buffer.alloc(10 * MIB + 1))],
      'A file exceeds 10485760 bytes',
    ],
    ['parts by default', { maxFields: 2000 }, fields(1000), fields(1001), 'More than 1000 parts'],
    ['maxFiles', { maxFiles: 1 }, files(1), files(2), 'More than 1 files'],
    ['maxFileSize', { maxFileSize: 5 }, [file('a', 'éé!')], [file('a', 'ééé')], 'A file exceeds 5 bytes'],
    ['maxFields', { maxFields: 1 }, [...files(2), ...fields(1)], [...files(2), ...fields(2)], 'More than 1 fields'],
    ['maxFieldSize', { maxFieldSize: 5 }, [field('a', 'éé!')], [field('a', 'ééé')], 'A field exceeds 5 bytes'],
    ['maxParts', { maxParts: 3 }, [...files(2), ...fields(1)], [...files(2), ...fields(2)], 'More than 3 parts'],
  ];

  for (const [what, uploads, fits, exceeds, message] of LIMITS)
    it(`are exact: ${what}`, async () => {
      class Root {
        index(request: Request) {
          return [...Object.values(request.bodyParams).flat(), ...Object.values(request.files).flat()].length;
        }
      }
      expect(result(await send(Root, fits, uploads))).to.equal(`200 ${fits.length}`);
      expect(result(await send(Root, exceeds, uploads))).to.equal(`413 413 Payload Too Large: ${message}`);
    });

  for (const [what, uploads, , exceeds, message] of LIMITS)
    it(`are enforced before the rest of the body has come: ${what}`, async () => {
      const app = appOf(micropie(Echo, { uploads }));
      const bytes = formOf(exceeds, { end: '\r\n--a-boundary\r\n' });
      const response = await withServer(app, (port) =>
        withSocket(port, (client) =>
          client.exchange(Buffer.concat([Buffer.from(post('/', FORM_TYPE, bytes.length + 900 * MIB)), bytes])),
        ),
      );
      expect(result(response)).to.equal(`413 413 Payload Too Large: ${message}`);
    });

  const OUTSIDE: [where: string, form: (junk: Uint8Array) => readonly (string | Uint8Array)[]][] = [
    ['before the first part', (junk) => [junk, '\r\n', formOf(fields(1))]],
    ['behind the last part', (junk) => [formOf(fields(1)), junk]],
    ['in a form without parts', (junk) => [formOf([]), junk]],
  ];
  for (const [where, form] of OUTSIDE)
    for (const chunks of [1, 1000])
      it(`hold for what is no part: ${where}, in chunks of 64 KiB / ${chunks}`, async () => {
        const answer = async (kib: number) => {
          const bytes = Buffer.concat(form(Buffer.alloc(kib * 1024, 'j')).map((part) => Buffer.from(part)));
          const body = chunked(bytes, Math.ceil(65_536 / chunks));
          const request = Buffer.concat([Buffer.from(post('/', FORM_TYPE, 'chunked')), body]);
          return withServer(appOf(micropie(Echo)), (port) => withSocket(port, (client) => client.exchange(request)));
        };
        expect((await answer(63)).status).to.equal(200);
        expect(result(await answer(65))).to.equal(
          '413 413 Payload Too Large: More than 65536 bytes before the first part or behind the last',
        );
      });

  it('hold for a file at any split of its bytes', async () => {
    const head = formOf([file('a', '')], { end: '' });
    for (const [content, status] of [
      ['12345', 200],
      ['123456', 413],
    ] as const)
      for (let at = 1; at < content.length; at += 1) {
        const bytes = formOf([file('a', content)]);
        const split = head.length + at;
        const body = Buffer.concat([chunked(bytes.subarray(0, split)).subarray(0, -5), chunked(bytes.subarray(split))]);
        const response = await withServer(appOf(micropie(Echo, { uploads: { maxFileSize: 5 } })), (port) =>
          withSocket(port, (client) =>
            client.exchange(Buffer.concat([Buffer.from(post('/', FORM_TYPE, 'chunked')), body])),
          ),
        );
        expect(response.status, `${content} split at ${at}`).to.equal(status);
      }
  });

  it('keep a part whose head is far too long from taking memory, or its content', async () => {
    const head = `Content-Disposition: form-data; name="a"\r\nX-Long: ${'x'.repeat(100 * 1024)}`;
    const response = await ask(appOf(micropie(Echo)), `--a-boundary\r\n${head}\r\n\r\n1${FORM_END}`);
    expect(json(response)).to.deep.equal({ fields: { a: ['1'] }, files: {} });
  });

  it('refuse abuse of names', async () => {
    expect((await send(Echo, [field('n'.repeat(300), '1')])).status).to.equal(400);
    expect((await send(Echo, [file('n'.repeat(300), '1')])).status).to.equal(400);
    expect((await send(Echo, [field('a['.repeat(10_000), '1')])).status).to.equal(400);
    expect(
      (
        await send(
          Echo,
          times(5000, () => field('', '')),
        )
      ).status,
    ).to.equal(413);
  });
});
