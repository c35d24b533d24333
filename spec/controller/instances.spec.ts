import { expect } from 'chai';
import { Controller, micropie } from '../../lib/index.js';
import { expectAnswers } from '../support/answers.js';
import { client } from '../support/app.js';
import { classOf } from '../support/source.js';

describe('micropie(controller)', () => {
  it('takes an instance, with all that it was made with', async () => {
    class Greeter {
      readonly #greeting: string;
      constructor(greeting: string) {
        this.#greeting = greeting;
      }
      greet(name = 'Guest') {
        return `${this.#greeting}, ${name}!`;
      }
      static routes = { greet: 'GET' };
    }
    const agent = client(micropie(new Greeter('Good day')));
    await expectAnswers(agent, [['/greet/Alice', 'Good day, Alice!']]);
    expect((await agent.post('/greet')).status).to.equal(405);
  });

  it('serves what an abstract base class has', async () => {
    abstract class Resource extends Controller {
      abstract kind(): string;
      describe() {
        return `${this.request.method} ${this.kind()}`;
      }
      static routes = { describe: 'GET' };
    }
    class Books extends Resource {
      kind() {
        return 'books';
      }
    }
    await expectAnswers(client(micropie(Books)), [
      ['/describe', 'GET books'],
      ['/kind', 'books'],
      ['/request', 'Not Found', 404],
    ]);
    expect((await client(micropie(new Books())).post('/describe')).status).to.equal(405);
  });

  it('takes a function with a prototype, as classes were written once', async () => {
    const Old = Object(
      new Function('function Old() {} Old.prototype.m = function (a, b = 1) { return [a, b]; }; return Old;')(),
    );
    expect((await client(micropie(Old)).get('/m/x/2')).body).to.deep.equal(['x', 2]);
  });

  it('takes an object that inherits its methods from another', async () => {
    const methods = { m: (a = 1) => `m ${a}` };
    for (const base of [methods, Object.assign(Object.create(null), methods)])
      await expectAnswers(client(micropie(Object.create(base))), [
        ['/m/2', 'm 2'],
        ['/toString', 'Not Found', 404],
      ]);
  });

  it('takes a class that extends null', async () => {
    const Bare = classOf('m() { return "bare"; }', {}, 'Bare extends null');
    await expectAnswers(client(micropie(Object.create(Bare.prototype))), [
      ['/m', 'bare'],
      ['/toString', 'Not Found', 404],
    ]);
  });

  it('lets an error of the constructor through', () => {
    class Broken {
      constructor() {
        throw new RangeError('no luck');
      }
      m() {}
    }
    expect(() => micropie(Broken)).to.throw(RangeError, 'no luck');
  });

  const notServed: [what: string, controller: object, message: string][] = [
    ['an object of methods', { m() {} }, 'Object has no method to serve; only methods of its class are routes'],
    ['an object without a prototype', Object.assign(Object.create(null), { m() {} }), 'Object has no method to serve'],
    ['an empty class', class Empty {}, 'Empty has no method to serve'],
    ['a class without a name', (() => class {})(), 'Controller has no method to serve'],
    ['an arrow function', () => {}, 'the controller must be a class or an instance of one'],
    ['a class below the Controller of another copy', belowAnotherCopy(), 'Two copies of koa-micropie are loaded'],
  ];
  for (const [what, controller, message] of notServed)
    it(`refuses ${what}: ${message}`, () => {
      expect(() => Reflect.apply(micropie, undefined, [controller])).to.throw(TypeError, message);
    });
});

/** What a second copy of the package, in another folder of the tree, looks like from here. */
function belowAnotherCopy(): object {
  class OtherController {}
  Object.defineProperty(OtherController.prototype, Symbol.for('koa-micropie.Controller'), { value: true });
  return class Root extends OtherController {
    index() {}
  };
}
