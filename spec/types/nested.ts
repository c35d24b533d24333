import { micropie, nested, type RouteName, type Routes } from '../../lib/index.js';
import { type Assert, type Equal, typed } from './assert.js';

class Tasks {
  constructor(readonly title: string) {}
  list() {
    return [this.title];
  }
  static routes = { list: 'GET /' } satisfies Routes<Tasks>;
}

class Root {
  tasks = nested(Tasks, 'to do');
  index() {
    return this.tasks.list();
  }
}

// It is an ordinary object as well, and its field is no route of its own.
typed<string[]>()(new Root().tasks.list());
export type Names = Assert<Equal<RouteName<Root>, 'index'>>;
micropie(Root);

const made: Tasks = nested(new Tasks('made'));
const told: Tasks = nested<typeof Tasks>(made);
typed<string>()(told.title);

// @ts-expect-error: the constructor needs a title.
nested(Tasks);
// @ts-expect-error: which is a text.
nested(Tasks, 7);
// @ts-expect-error: not an instance of the class that is told.
nested<typeof Tasks>(new Root());
// @ts-expect-error: neither a class nor an instance.
nested('tasks');
class Wrong {
  tasks = nested(Tasks, 'to do');
  index() {}
  // @ts-expect-error: what is nested has routes of its own.
  static routes = { tasks: 'GET' } satisfies Routes<Wrong>;
}
typed<string>()(new Wrong().tasks.title);
