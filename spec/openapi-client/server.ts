import { z } from 'zod';
import { micropie, nested, type Routes, reply } from '../../lib/index.js';

const Task = z
  .object({ id: z.number(), title: z.string(), owner: z.object({ name: z.string() }).meta({ id: 'Person' }) })
  .meta({ id: 'Task' });
const NewTask = z.object({ title: z.string(), priority: z.number().default(1) });
const Filter = z.object({ page: z.number().optional(), tags: z.array(z.string()).optional() });
const Move = z.object({ to: z.enum(['open', 'done']) });

const owner = { name: 'Ada' };

class Tasks {
  list({ page = 1, tags = [] }: z.output<typeof Filter>) {
    return [{ id: page, title: tags.join('+'), owner }];
  }
  create({ title }: z.output<typeof NewTask>) {
    return reply(201, { id: 1, title, owner });
  }
  show(id: number) {
    return { id, title: `Task ${id}`, owner };
  }
  move(id: number, move: z.output<typeof Move>) {
    return { id, ...move };
  }
  static routes = {
    list: { path: 'GET /', input: Filter, returns: z.array(Task) },
    create: { path: 'POST /', input: NewTask, returns: { 201: Task } },
    show: { path: 'GET /:id', params: [Number], returns: Task },
    move: { path: 'POST /:id/move', params: [Number], input: Move },
  } satisfies Routes<Tasks>;
}

class Root {
  tasks = nested(Tasks);
  add(x = 0, y = 0) {
    return { sum: x + y };
  }
  *count(to = 3) {
    for (let number = 1; number <= to; number++) yield `${number};`;
  }
}

export const mount = micropie(Root);
