import { expect } from 'chai';
import { Controller, micropie } from '../../lib/index.js';
import { client } from '../support/app.js';
import { classOf } from '../support/source.js';
import { warningsOf } from '../support/warnings.js';

const behind = 'the next middleware';

describe('routes', () => {
  const get = async (controller: object, path: string) => {
    const { status, text } = await client(micropie(controller), (ctx) => {
      ctx.body = behind;
    }).get(path);
    return status === 200 ? text : status;
  };

  describe('are the methods of the class,', () => {
    it('inherited and overridden ones too', async () => {
      class Base {
        one() {
          return 'one of Base';
        }
        two() {
          return 'two of Base';
        }
      }
      class Derived extends Base {
        override two() {
          return `two of Derived, ${super.two()}`;
        }
      }
      expect(await get(Derived, '/one')).to.equal('one of Base');
      expect(await get(Derived, '/two')).to.equal('two of Derived, two of Base');
    });

    it('whatever their form and name', async () => {
      class Forms {
        'robots.txt'() {
          return 'User-agent: *';
        }
        'a b/c'() {
          return 'odd';
        }
        42() {
          return 'number';
        }
        ['com' + 'puted']() {
          return 'computed';
        }
        café() {
          return 'café';
        }
        async later() {
          return 'later';
        }
        get() {
          return 'get';
        }
      }
      for (const [path, text] of [
        ['/robots.txt', 'User-agent: *'],
        ['/a%20b%2Fc', 'odd'],
        ['/42', 'number'],
        ['/computed', 'computed'],
        ['/caf%C3%A9', 'café'],
        ['/later', 'later'],
        ['/get', 'get'],
        ['/cafe%CC%81', behind],
      ] as const)
        expect(await get(Forms, path), path).to.equal(text);
    });

    it('not those with a leading underscore or ws_, nor `then`', async () => {
      class Hidden {
        shown() {}
        _helper() {}
        __deep() {}
        ws_chat() {}
        // biome-ignore lint/suspicious/noThenProperty: that is what is tested
        then() {}
      }
      expect(micropie(Hidden).routes.map(({ name }) => name)).to.deep.equal(['shown']);
      // Each app warns that its socket is served by nobody.
      await warningsOf(async () => {
        for (const path of ['/_helper', '/__deep', '/ws_chat', '/then', '/constructor'])
          expect(await get(Hidden, path), path).to.equal(behind);
      });
    });

    it('not private ones, statics, symbols, nor what the constructor puts on the instance', async () => {
      class Fields {
        shown() {
          return this.#priv();
        }
        #priv() {
          return 'shown';
        }
        static stat() {}
        [Symbol.iterator]() {}
        db = { query: () => 'query' };
        plain = 'plain';
      }
      expect(micropie(Fields).routes.map(({ name }) => name)).to.deep.equal(['shown']);
      expect(await get(Fields, '/shown')).to.equal('shown');
      for (const path of ['/priv', '/%23priv', '/stat', '/db', '/db/query', '/plain', '/Symbol.iterator'])
        expect(await get(Fields, path), path).to.equal(behind);
    });

    it('not accessors, which are never evaluated', async () => {
      let evaluated = 0;
      class Base {
        covered() {}
      }
      class Accessors extends Base {
        shown() {}
        get trap(): () => string {
          evaluated += 1;
          throw new Error('a getter was evaluated');
        }
        set trap(_value: unknown) {
          evaluated += 1;
        }
        static get other() {
          evaluated += 1;
          return 1;
        }
      }
      Object.defineProperty(Accessors.prototype, 'covered', { get: () => (evaluated += 1) });
      expect(micropie(Accessors).routes.map(({ name }) => name)).to.deep.equal(['shown']);
      expect(await get(Accessors, '/trap')).to.equal(behind);
      expect(await get(Accessors, '/covered')).to.equal(behind);
      expect(evaluated).to.equal(0);
    });

    it('not what Controller or Object bring', async () => {
      class Sub extends Controller {
        shown() {}
      }
      expect(micropie(Sub).routes.map(({ name }) => name)).to.deep.equal(['shown']);
      for (const path of ['/render', '/redirect', '/request', '/ctx', '/session', '/toString', '/hasOwnProperty'])
        expect(await get(Sub, path), path).to.equal(behind);
    });

    it('called on the one instance, so that its private members work', async () => {
      class Counter {
        #count = 0;
        next() {
          this.#count += 1;
          return `${this.#count}`;
        }
      }
      const agent = client(micropie(Counter));
      expect((await agent.get('/next')).text).to.equal('1');
      expect((await agent.get('/next')).text).to.equal('2');
    });
  });

  describe('are refused at start', () => {
    for (const name of ['request', 'ctx', 'session', 'render', 'redirect'])
      for (const [what, member] of [
        ['method', `${name}() {}`],
        ['accessor', `get ${name}() {}`],
        ['field', `${name} = 1`],
      ])
        it(`when a subclass of Controller has a ${what} called ${name}`, () => {
          const Sub = classOf(`m() {} ${member}`, { Controller }, 'Sub extends Controller');
          expect(() => micropie(Sub)).to.throw(
            TypeError,
            `Sub.${name}: the base class Controller needs this name; call it something else`,
          );
        });

    it('but a class of its own may use these names', async () => {
      class Plain {
        session() {
          return 'mine';
        }
      }
      expect(await get(Plain, '/session')).to.equal('mine');
    });

    it('when there are none', () => {
      expect(() => micropie(class Empty {})).to.throw(TypeError, 'Empty has no method to serve');
    });
  });
});
