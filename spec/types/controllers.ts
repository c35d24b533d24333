import { Controller, type Micropie, micropie, type RouteName, type Routes } from '../../lib/index.js';
import { type Assert, type Equal, typed } from './assert.js';

class Plain {
  index() {}
}

class Optional {
  constructor(readonly name = 'none') {}
  index() {}
}

class Needy {
  constructor(readonly name: string) {}
  index() {}
}

abstract class Unfinished {
  abstract index(): string;
}

class Single {
  private constructor() {}
  static readonly one = new Single();
  index() {}
}

class Generic<T> {
  show(value: T) {
    return value;
  }
}

const mounted = micropie(Plain);
typed<Micropie>()(mounted);
micropie(Optional);
micropie(Generic);
micropie(class extends Controller {});
micropie(class {});
micropie(new Plain());
micropie(new Needy('name'));
micropie(new Generic<string>());
micropie(Single.one);
// @ts-expect-error its constructor needs an argument
micropie(Needy);
// @ts-expect-error it is abstract
micropie(Unfinished);
// @ts-expect-error the base class is abstract
micropie(Controller);
// @ts-expect-error its constructor is private
micropie(Single);
// @ts-expect-error a function is no class
micropie(() => 'x');
// @ts-expect-error nor is a Koa middleware
micropie(async (_ctx: unknown, next: () => Promise<void>) => next());
// @ts-expect-error text
micropie('Plain');
// @ts-expect-error a number
micropie(1);
// @ts-expect-error null
micropie(null);
// @ts-expect-error nothing
micropie(undefined);

class Named extends Controller<{ user?: string }> {
  field = 1;
  index() {}
  async save(title: string) {
    return title;
  }
  *count() {
    yield '1';
  }
  'robots.txt'() {}
  _helper() {}
  ws_chat() {}
  // biome-ignore lint/suspicious/noThenProperty: it is what is tested.
  then() {}
  protected guarded() {}
  private hidden() {
    this.guarded();
  }
  get value() {
    return this.hidden();
  }
  static make() {}
}

export type NamesOfRoutes = Assert<Equal<RouteName<Named>, 'index' | 'save' | 'count' | 'robots.txt' | 'ws_chat'>>;

class Declared extends Controller {
  save(title: string) {
    return title;
  }
  big() {}
  'robots.txt'() {}
  static routes = {
    save: { path: 'POST,PUT', params: ['title'], session: ['title'] },
    big: { body: 'stream', path: 'POST' },
    'robots.txt': {},
  };
}
micropie(Declared);
micropie(new Declared());
micropie(class extends Declared {});

class Satisfied {
  save(title: string) {
    return title;
  }
  static routes = { save: { path: 'POST', body: 'stream' } } satisfies Routes<Satisfied>;
}
micropie(Satisfied);

class Annotated {
  save(title: string) {
    return title;
  }
  static routes: Routes<Annotated> = { save: 'POST' };
}
micropie(Annotated);

class Constant {
  save(title: string) {
    return title;
  }
  static readonly routes = { save: { path: 'POST', params: ['title'] } } as const;
}
micropie(Constant);

class Misspelt {
  save() {}
  static routes = { sav: 'POST' };
}
// @ts-expect-error no method has this name
micropie(Misspelt);

class WrongKey {
  save() {}
  static routes = { save: { methods: 'POST' } };
}
// @ts-expect-error no declaration has this key
micropie(WrongKey);

class WrongValue {
  save() {}
  static routes = { save: { path: 1 } };
}
// @ts-expect-error a method is text
micropie(WrongValue);

class WrongRoutes {
  save() {}
  static routes = 'save';
}
// @ts-expect-error routes is an object
micropie(WrongRoutes);

class OfBase extends Controller {
  static routes = { render: {} };
}
// @ts-expect-error the base class's methods are no routes
micropie(OfBase);

class OfPrivate {
  private hidden() {}
  index() {
    this.hidden();
  }
  static routes = { hidden: {} };
}
// @ts-expect-error it is private
micropie(OfPrivate);

export class Unsatisfied {
  save() {}
  _helper() {}
  field = 1;
  static name1 = {
    // @ts-expect-error no method has this name
    sav: {},
  } satisfies Routes<Unsatisfied>;
  static name2 = {
    // @ts-expect-error it is a helper
    _helper: {},
  } satisfies Routes<Unsatisfied>;
  static name3 = {
    // @ts-expect-error it is a field
    field: {},
  } satisfies Routes<Unsatisfied>;
  static key = {
    // @ts-expect-error no declaration has this key
    save: { methods: 'POST' },
  } satisfies Routes<Unsatisfied>;
  static body = {
    // @ts-expect-error a body can be 'stream' only
    save: { body: 'streem' },
  } satisfies Routes<Unsatisfied>;
}
