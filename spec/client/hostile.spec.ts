import { expect } from 'chai';
import { parseEvents } from '../../lib/client/events.js';
import { CallError, client } from '../../lib/client/index.js';
import { appOf, withServer } from '../support/app.js';

class Root {
  greet(name = 'Guest') {
    return name;
  }
}

const errorOf = (call: PromiseLike<unknown>) => Promise.resolve(call).catch((error: unknown) => error);

/** A client whose server answers with what is given, and the addresses that it asked. */
function clientOf(answer: () => Response) {
  const asked: string[] = [];
  const fetch = async (url: string) => {
    asked.push(url);
    return answer();
  };
  return { api: client<typeof Root>('/', { fetch }), asked };
}

describe('a client beside whom it can not trust', () => {
  const ERRORS: readonly (readonly [what: string, body: string, message: string, told: unknown])[] = [
    ['JSON that is none, as of a proxy', '<h1>Bad gateway</h1>', '502 ', '<h1>Bad gateway</h1>'],
    ['a detail that is no text', '{"detail":[{"msg":"x"}],"title":"Wrong"}', 'Wrong', undefined],
    ['a detail that has no text', '{"detail":{"toString":1,"valueOf":1}}', '502 ', undefined],
    ['null', 'null', '502 ', null],
  ];
  for (const [what, body, message, told] of ERRORS)
    it(`rejects with its own error for ${what}`, async () => {
      const { api } = clientOf(
        () => new Response(body, { status: 502, headers: { 'content-type': 'application/json' } }),
      );
      const error = await errorOf(api.greet());
      expect(error).to.be.instanceOf(CallError).and.include({ status: 502 });
      if (told !== undefined) expect(error).to.have.property('body', told);
      expect(error).to.have.property('message', typeof told === 'string' ? told : message);
    });

  it('rejects for JSON that is none where the answer is no error', async () => {
    const { api } = clientOf(() => new Response('{', { headers: { 'content-type': 'application/json' } }));
    expect(await errorOf(api.greet())).to.be.instanceOf(SyntaxError);
  });

  it('asks for nothing when it is logged, made a text of, or awaited', async () => {
    const { api, asked } = clientOf(() => new Response('', { status: 404 }));
    expect(JSON.stringify({ api, greet: api.greet })).to.equal('{}');
    expect(() => `${api}`).to.throw(TypeError);
    expect(() => [...Object(api)]).to.throw(TypeError);
    expect(await api).to.equal(api);
    expect(asked).to.deep.equal([]);
  });

  it('goes neither above its base nor to another origin, whatever it takes for a name', () => {
    const { api, asked } = clientOf(() => new Response(''));
    const at = (...names: string[]) => names.reduce<unknown>((place, name) => Reflect.get(Object(place), name), api);
    const call = (...names: string[]) => Reflect.apply(Object(at(...names)), undefined, []);
    for (const names of [['', 'evil.example'], ['..', 'admin'], ['.', 'x'], ['a\nb']])
      expect(() => call(...names), String(names)).to.throw(TypeError, "can't carry");
    call('a/../b', '\\evil.example', '%2e%2e');
    expect(asked).to.deep.equal(['/a%2F..%2Fb/%5Cevil.example/%252e%252e']);
  });

  it('reads a long event in the time of its length', async () => {
    async function* pieces(count: number) {
      yield 'data: "';
      for (let at = 0; at < count; at += 1) yield 'x'.repeat(1024);
      yield '"\n\n';
    }
    const took = async (count: number) => {
      const started = performance.now();
      for await (const { data } of parseEvents(pieces(count))) expect(data).to.have.length(count * 1024);
      return performance.now() - started;
    };
    await took(2_000);
    // Where each piece cost what had come before, it were sixty times.
    expect(await took(16_000)).to.be.below(30 * Math.max(20, await took(2_000)));
  });

  it('keeps the beginning of a character that has no end', async () => {
    const { api } = clientOf(
      () => new Response(Uint8Array.of(97, 0xe2), { headers: { 'content-type': 'text/plain' } }),
    );
    let text = '';
    for await (const chunk of Object(api.greet())) text += chunk;
    expect(text).to.equal('a\ufffd');
  });

  it('takes a key in a header along to another origin, unless its fetch refuses redirects', async () => {
    const heard: unknown[] = [];
    const elsewhere = appOf(({ req }) => {
      heard.push([req.headers['x-key'], req.headers.authorization]);
    });
    await withServer(elsewhere, (other) =>
      withServer(
        appOf((ctx) => ctx.redirect(`http://127.0.0.1:${other}/`)),
        async (port) => {
          const headers = { 'x-key': 'secret', authorization: 'Bearer secret' };
          const api = client<typeof Root>(`http://127.0.0.1:${port}`, { headers });
          await errorOf(api.greet());
          const strict = api({ fetch: (url, init) => fetch(url, { ...init, redirect: 'error' }) });
          expect(await errorOf(strict.greet())).to.be.instanceOf(TypeError);
        },
      ),
    );
    expect(heard).to.deep.equal([['secret', undefined]]);
  });
});
