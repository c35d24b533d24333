import { expect } from 'chai';
import createError from 'http-errors';
import request from 'supertest';
import { type HttpMiddleware, micropie, nested, reply } from '../../lib/index.js';
import { appOf } from '../support/app.js';

/** Two hooks of the mount and two of a route, which note when they run. */
function mount(answers: Readonly<Record<string, unknown>> = {}) {
  const notes: string[] = [];
  const noting = (name: string): HttpMiddleware => {
    const note = (what: string) => () => {
      notes.push(`${name} ${what}`);
      const answer = answers[`${name} ${what}`];
      if (answer instanceof Error) throw answer;
      return answer as undefined;
    };
    return {
      beforeRequest: note('before'),
      beforeCall: note('call'),
      afterRequest: note('after'),
      onError: note('error'),
    };
  };

  class Below {
    index() {
      return 'below';
    }
    static routes = { index: { middlewares: [noting('own 1')] } };
  }
  class Root {
    below = nested(Below);
    open() {
      notes.push('handler');
      return 'open';
    }
    guarded(id = 1) {
      notes.push('handler');
      return `guarded ${id}`;
    }
    fails() {
      throw createError(409, 'Taken');
    }
    *streams() {
      yield 'chunk';
    }
    static routes = {
      guarded: { path: 'GET,PUT /guarded/:id', middlewares: [noting('own 1'), noting('own 2')] },
      fails: { middlewares: [noting('own 1')] },
      streams: { middlewares: [noting('own 1')] },
    };
  }
  const middlewares = [noting('all 1'), noting('all 2')];
  const app = appOf(micropie(Root, { middlewares }), (ctx) => Object.assign(ctx, { body: 'next' }));
  return { agent: request(app.callback()), notes };
}

const BEFORE = ['all 1 before', 'all 2 before', 'own 1 before', 'own 2 before'];
const CALL = ['all 1 call', 'all 2 call', 'own 1 call', 'own 2 call'];
const AFTER = ['own 1 after', 'own 2 after', 'all 1 after', 'all 2 after'];
const ERROR = ['own 1 error', 'own 2 error', 'all 1 error', 'all 2 error'];
/** The same for a route with one hook of its own. */
const first = (notes: string[]) => notes.filter((note) => !note.startsWith('own 2'));

describe('The hooks of a route', () => {
  for (const method of ['get', 'head', 'put'] as const)
    it(`lie within those of the mount: ${method.toUpperCase()}`, async () => {
      const { agent, notes } = mount();
      await agent[method]('/guarded/5').expect(200);
      expect(notes).to.deep.equal([...BEFORE, ...CALL, 'handler', ...AFTER]);
    });

  it('run for this route alone', async () => {
    const { agent, notes } = mount();
    await agent.get('/open').expect(200, 'open');
    expect(notes.filter((note) => note.startsWith('own'))).to.deep.equal([]);
    expect(notes).to.have.lengthOf(7);
  });

  it('run for a nested controller', async () => {
    const { agent, notes } = mount();
    await agent.get('/below').expect(200, 'below');
    expect(notes).to.deep.equal(first([...BEFORE, ...CALL, ...AFTER]));
  });

  it('run for a stream', async () => {
    const { agent, notes } = mount();
    await agent.get('/streams').expect(200, 'chunk');
    expect(notes).to.deep.equal(first([...BEFORE, ...CALL, ...AFTER]));
  });

  it('do not run for another method, nor for OPTIONS', async () => {
    const { agent, notes } = mount();
    await agent.post('/guarded/5').expect(405);
    await agent.options('/guarded/5').expect(204);
    await agent.get('/elsewhere').expect(200, 'next');
    expect(notes).to.deep.equal(['all 1 error', 'all 2 error']);
  });

  it('hear of errors first', async () => {
    const { agent, notes } = mount();
    await agent.get('/fails').expect(409);
    expect(notes).to.deep.equal(first([...BEFORE, ...CALL, ...ERROR]));
  });

  it('hear of arguments that are not valid', async () => {
    const { agent, notes } = mount();
    await agent.get('/guarded/x').expect(400);
    expect(notes).to.deep.equal([...BEFORE, ...ERROR]);
  });

  it('may turn an error into an answer', async () => {
    const { agent, notes } = mount({ 'own 1 error': { statusCode: 200, body: 'mended' } });
    await agent.get('/fails').expect(200, 'mended');
    expect(notes).to.deep.equal(first([...BEFORE, ...CALL, 'own 1 error']));
  });

  for (const [at, answered] of [
    ['all 2 before', BEFORE.slice(0, 2)],
    ['own 1 before', BEFORE.slice(0, 3)],
    ['own 1 call', [...BEFORE, ...CALL.slice(0, 3)]],
  ] as const) {
    it(`may answer: ${at}`, async () => {
      const { agent, notes } = mount({ [at]: reply(401, 'Who?') });
      await agent.get('/guarded/5').expect(401, 'Who?');
      expect(notes).to.deep.equal(answered);
    });

    it(`may throw: ${at}`, async () => {
      const { agent, notes } = mount({ [at]: createError(401) });
      await agent.head('/guarded/5').expect(401);
      expect(notes).to.deep.equal([...answered, ...ERROR]);
    });
  }

  it('change the answer before those of the mount see it', async () => {
    const { agent } = mount({ 'own 2 after': { body: 'own' }, 'all 2 after': { statusCode: 202 } });
    await agent.get('/guarded/5').expect(202, 'own');
  });
});
