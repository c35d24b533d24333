import { expect } from 'chai';
import { micropie, reply } from '../../lib/index.js';
import { client } from '../support/app.js';

/** Tells which of its methods ran, and with what. */
class Root {
  index(page = 1) {
    return `index ${page}`;
  }
  hello() {
    return 'hello';
  }
  show(a = 'none', b = 'none') {
    return `show [${a}] [${b}]`;
  }
}

const behind = 'the next middleware';

describe('options.strict', () => {
  it('makes segments beyond the parameters unknown, also to `index`', async () => {
    class Strict extends Root {
      override index(...rest: unknown[]) {
        return `index ${rest.join()}`;
      }
      all(...rest: string[]) {
        return `all ${rest.join()}`;
      }
    }
    const agent = client(micropie(Strict, { strict: true }));
    for (const [path, expected] of [
      ['/hello', 'hello'],
      ['/hello/', 'hello'],
      ['/hello/x', 'Not Found'],
      ['/show/a/b', 'show [a] [b]'],
      ['/show/a/b/c', 'Not Found'],
      ['/all/a/b/c', 'all a,b,c'],
      ['/other/a', 'index other,a'],
    ] as const)
      expect((await agent.get(path)).text, path).to.equal(expected);
  });
});

describe('options.prefix', () => {
  it('is where the controller answers, and nowhere else', async () => {
    const agent = client(micropie(Root, { prefix: '/api/v1' }), (ctx) => {
      ctx.body = behind;
    });
    for (const [path, expected] of [
      ['/api/v1', 'index 1'],
      ['/api/v1/', 'index 1'],
      ['/api/v1/2', 'index 2'],
      ['/api/v1/hello', 'hello'],
      ['/api/v1xhello', behind],
      ['/api/v', behind],
      ['/hello', behind],
      ['/', behind],
      ['/API/v1/hello', behind],
      ['/%61pi/v1/hello', behind],
      ['/api/v1//hello', behind],
    ] as const)
      expect((await agent.get(path)).text, path).to.equal(expected);
  });
});

describe('options.fallthrough', () => {
  const hooked = (fallthrough: boolean) => {
    const seen: string[] = [];
    const mounted = micropie(Root, {
      fallthrough,
      prefix: '/own',
      middlewares: [
        {
          beforeRequest: ({ ctx, route }) => void seen.push(`before ${ctx.path} ${route?.name}`),
          afterRequest: ({ ctx }) => void seen.push(`after ${ctx.path}`),
        },
      ],
    });
    const agent = client(mounted, (ctx) => {
      ctx.body = behind;
    });
    return { seen, agent };
  };

  it('leaves what does not match to the middleware behind, hooks untouched', async () => {
    const { seen, agent } = hooked(true);
    expect((await agent.get('/own/nothing')).text).to.equal(behind);
    expect((await agent.post('/own/nothing')).text).to.equal(behind);
    expect((await agent.get('/elsewhere')).text).to.equal(behind);
    expect(seen).to.deep.equal([]);
  });

  it('as false answers 404 for all below the prefix, with before hooks', async () => {
    const { seen, agent } = hooked(false);
    const { status, text } = await agent.get('/own/nothing/there');
    expect({ status, text }).to.deep.equal({ status: 404, text: 'Not Found' });
    expect((await agent.get('/own/hello')).text).to.equal('hello');
    expect((await agent.get('/elsewhere')).text).to.equal(behind);
    expect(seen).to.deep.equal(['before /own/nothing/there undefined', 'before /own/hello hello', 'after /own/hello']);
  });

  it('as false lets a before hook answer where there is no route', async () => {
    const agent = client(
      micropie(Root, {
        fallthrough: false,
        middlewares: [{ beforeRequest: ({ route }) => (route ? null : reply(410, 'Gone')) }],
      }),
    );
    expect((await agent.get('/nothing')).status).to.equal(410);
    expect((await agent.options('/nothing')).status, 'of a preflight').to.equal(404);
    const broken = agent.post('/nothing').set('Content-Type', 'application/json').send('{');
    expect((await broken).status, 'whatever its body').to.equal(410);
  });
});
