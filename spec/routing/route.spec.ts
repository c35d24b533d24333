import { expect } from 'chai';
import { micropie } from '../../lib/index.js';
import { classOf } from '../support/source.js';

describe('.routes', () => {
  class Listed {
    index() {}
    'a b'(first: string, page = 1, { q, tags = [] }: { q?: string; tags?: string[] } = {}, ...rest: string[]) {
      return [first, page, q, tags, rest];
    }
    save() {}
    static routes = { save: 'POST,GET' };
  }

  it('lists name, path, parameters with their sources, and methods', () => {
    const byName = ['query', 'body', 'file', 'session'];
    expect(micropie(Listed, { prefix: '/api' }).routes).to.deep.equal([
      { name: 'index', path: '/api', parameters: [], methods: ['*'] },
      {
        name: 'a b',
        path: '/api/a%20b',
        parameters: [
          { kind: 'positional', name: 'first', type: 'any', required: true, sources: ['path', ...byName] },
          { kind: 'positional', name: 'page', type: 'number', required: false, sources: ['path', ...byName] },
          {
            kind: 'pattern',
            keys: [
              { name: 'q', type: 'any', required: false, sources: byName },
              { name: 'tags', type: 'list', required: false, sources: byName },
            ],
          },
          { kind: 'rest', name: 'rest', sources: ['path'] },
        ],
        methods: ['*'],
      },
      { name: 'save', path: '/api/save', parameters: [], methods: ['POST', 'GET', 'HEAD'] },
    ]);
    expect(micropie(Listed).routes[0]?.path).to.equal('/');
  });

  it('is frozen to the bottom', () => {
    const thawed: unknown[] = [];
    const visit = (value: unknown) => {
      if (typeof value !== 'object' || value === null) return;
      if (!Object.isFrozen(value)) thawed.push(value);
      Object.values(value).forEach(visit);
    };
    visit(micropie(Listed).routes);
    expect(thawed).to.deep.equal([]);
  });

  it('leaves the declaration as it was', () => {
    const routes = { m: { path: 'GET', params: ['a'], session: ['a'] } };
    micropie(classOf('m(a) {} static routes = routes;', { routes }));
    expect(routes).to.deep.equal({ m: { path: 'GET', params: ['a'], session: ['a'] } });
    expect([routes.m.params, routes.m.session].some(Object.isFrozen)).to.equal(false);
  });
});
