import { dirname } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { micropie, type Request, type UploadedFile } from '../../lib/index.js';
import { appOf, withServer } from '../support/app.js';
import { FORM_TYPE, field, file, formOf } from '../support/form.js';
import { chunked, post, withSocket } from '../support/socket.js';
import {
  ask,
  Echo,
  expectNothingLeft,
  json,
  requestOf,
  send,
  streaming,
  temporary,
  useFolders,
} from '../support/uploads.js';

describe('Multipart forms', () => {
  useFolders();
  afterEach(expectNothingLeft);

  const echo = () => appOf(micropie(Echo));
  const PART = 'Content-Disposition: form-data; name="a"\r\n\r\n1';

  const READ: [what: string, type: string, body: string, fields: unknown][] = [
    ['an empty form', 'multipart/form-data; boundary=b', '--b--\r\n', {}],
    ['an empty form without a last line break', 'multipart/form-data; boundary=b', '--b--', {}],
    ['a quoted boundary', 'multipart/form-data; boundary="b c"', `--b c\r\n${PART}\r\n--b c--\r\n`, { a: ['1'] }],
    [
      'a long boundary',
      `multipart/form-data; boundary=${'b'.repeat(70)}`,
      `--${'b'.repeat(70)}\r\n${PART}\r\n--${'b'.repeat(70)}--`,
      { a: ['1'] },
    ],
    [
      'text before and behind',
      'multipart/form-data; boundary=b',
      `before\r\n--b\r\n${PART}\r\n--b--\r\nbehind`,
      { a: ['1'] },
    ],
    [
      'a boundary within the data',
      'multipart/form-data; boundary=b',
      `--b\r\n${PART}--b\r\n--b--\r\n`,
      { a: ['1--b'] },
    ],
    [
      'a parameter behind the boundary',
      'multipart/form-data; boundary=b; charset=utf-8',
      `--b\r\n${PART}\r\n--b--\r\n`,
      { a: ['1'] },
    ],
    [
      'spaces and tabs behind its boundaries',
      'multipart/form-data; boundary=b',
      `--b \t\r\n${PART}\r\n--b  \r\n${PART}\r\n--b-- \r\n`,
      { a: ['1', '1'] },
    ],
    ['a type in capitals', 'Multipart/Form-Data; Boundary=b', `--b\r\n${PART}\r\n--b--\r\n`, { a: ['1'] }],
  ];
  for (const [what, type, body, fields] of READ)
    it(`may have ${what}`, async () => {
      expect(json(await ask(echo(), body, { type }))).to.deep.equal({ fields, files: {} });
    });

  const REFUSED: [what: string, body: string][] = [
    ['nothing', ''],
    ['garbage', 'garbage'.repeat(10)],
    ['short garbage', 'x'],
    ['another boundary', `--other\r\n${PART}\r\n--other--\r\n`],
    ['line feeds alone', `--b\n${PART.replaceAll('\r', '')}\n--b--\n`],
    ['a part without a head', '--b\r\n\r\n1\r\n--b--\r\n'],
    ['a part without a name', '--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--\r\n'],
    ['a file without a name', '--b\r\nContent-Disposition: form-data; filename="x"\r\n\r\n1\r\n--b--\r\n'],
    ['an open part', `--b\r\n${PART}`],
    ['only its first boundary', '--b\r\n'],
  ];
  for (const [what, body] of REFUSED)
    it(`may not have ${what}`, async () => {
      const { status } = await ask(echo(), body, { type: 'multipart/form-data; boundary=b' });
      expect(status).to.equal(400);
    });

  const fixture = formOf([
    field('a', '1'),
    file('f', 'line\r\n--a-boundar\r\n', 'x.txt'),
    field('b', 'é'),
    file('f', '', 'y'),
  ]);
  const expected = [
    ['a', '1'],
    ['f', 'line\r\n--a-boundar\r\n'],
    ['b', 'é'],
    ['f', ''],
  ];

  // Read as a stream: the same parser as for files on disk, and much faster.
  const app = () =>
    streaming(async (request) => {
      const read: unknown[] = [];
      for await (const part of request.parts())
        read.push([part.name, part.kind === 'field' ? part.value : await text(part.stream)]);
      return read;
    });

  it('are the same whole, split at any byte, and byte by byte', async () => {
    const head = Buffer.from(post('/', FORM_TYPE, 'chunked'));
    const bodies = [chunked(fixture), chunked(fixture, 1)];
    for (let at = 1; at < fixture.length; at += 1)
      bodies.push(Buffer.concat([chunked(fixture.subarray(0, at)).subarray(0, -5), chunked(fixture.subarray(at))]));
    await withServer(app(), (port) =>
      withSocket(port, async (client) => {
        for (const [index, body] of bodies.entries())
          expect(json(await client.exchange(Buffer.concat([head, body]))), `body ${index}`).to.deep.equal(expected);
      }),
    );
  });

  it('that end anywhere before their last boundary are 400, never a part of the data', async () => {
    await withServer(app(), (port) =>
      withSocket(port, async (client) => {
        for (let length = 0; length < fixture.length - 2; length += 1)
          expect((await client.exchange(requestOf(fixture.subarray(0, length)))).status, `${length} bytes`).to.equal(
            400,
          );
      }),
    );
  });

  it('read a part whose charset is unknown', async () => {
    const body = formOf([
      { ...field('a', 'value'), type: 'text/plain; charset=bogus' },
      { ...field('b', ''), type: 'text/plain; charset=bogus' },
    ]);
    expect(json(await ask(echo(), body))).to.deep.equal({ fields: { a: ['value'] }, files: {} });
  });

  it('take a part as it is, whatever its transfer encoding says', async () => {
    const body = formOf([{ ...field('a', 'dmFsdWU='), type: 'text/plain\r\nContent-Transfer-Encoding: base64' }]);
    expect(json(await ask(echo(), body))).to.deep.equal({ fields: { a: ['dmFsdWU='] }, files: {} });
  });

  it('take a part without a file name as a field, whatever its type', async () => {
    const body = formOf([{ ...field('a', 'value'), type: 'application/octet-stream' }]);
    expect(json(await ask(echo(), body))).to.deep.equal({ fields: { a: ['value'] }, files: {} });
  });

  for (const name of [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'a.__proto__.b',
    '__proto__[x]',
    'a[]',
    'then',
  ])
    it(`take the name ${name} as any other`, async () => {
      class Root {
        index(request: Request) {
          return [
            Object.entries(request.bodyParams),
            Object.entries(request.files).map(([key, [one]]) => [key, one?.field]),
          ];
        }
      }
      expect(json(await send(Root, [field(name, '1'), file(name, '2')]))).to.deep.equal([
        [[name, ['1']]],
        [[name, name]],
      ]);
      expect(Reflect.get({}, 'x')).to.equal(undefined);
    });

  const FILENAMES: [given: string, filename: string][] = [
    ['../../etc/passwd', 'passwd'],
    ['/etc/passwd', 'passwd'],
    ['C:\\\\a\\\\b.txt', 'b.txt'],
    ['..', ''],
    ['.', ''],
    ['a/..', ''],
    ['a\u0000b.txt', 'ab.txt'],
    ['CON.txt', 'CON.txt'],
    ['.htaccess', '.htaccess'],
    ['x'.repeat(4096), 'x'.repeat(255)],
    ['\u202egpj.exe', '\u202egpj.exe'],
    ['é ü.txt', 'é ü.txt'],
    ['<script>.html', '<script>.html'],
  ];
  for (const [given, filename] of FILENAMES)
    it(`give ${JSON.stringify(given.slice(0, 20))} as the base name alone`, async () => {
      class Root {
        index(data: UploadedFile) {
          return { filename: data.filename, inside: dirname(dirname(data.path())) === temporary };
        }
      }
      expect(json(await send(Root, [file('data', 'x', given)]))).to.deep.equal({ filename, inside: true });
    });

  it('decode a name of the extended form, without control characters', async () => {
    class Root {
      index(data: UploadedFile) {
        return { filename: data.filename };
      }
    }
    const part = (name: string) =>
      `--b\r\nContent-Disposition: form-data; name="data"; filename*=utf-8''${name}\r\n\r\nx\r\n--b--\r\n`;
    for (const [given, filename] of [
      ['%E2%82%AC.txt', '€.txt'],
      ['a%00b%0D%0Ac.txt', 'abc.txt'],
      ['..%2F..%2Fetc%2Fpasswd', 'passwd'],
    ] as const) {
      const response = await ask(appOf(micropie(Root)), part(given), { type: 'multipart/form-data; boundary=b' });
      if (response.status !== 400) expect(json(response)).to.deep.equal({ filename });
    }
  });
});
