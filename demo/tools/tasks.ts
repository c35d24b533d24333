import createError from 'http-errors';
import * as z from 'zod';
import { type Routes, reply } from '../../lib/index.js';

// A model reads the descriptions.
const NewTask = z.object({
  title: z.string().trim().min(1).max(200),
  due: z.iso.date().optional().describe('The day by which it must be done, as 2026-12-31'),
});
const Task = NewTask.extend({ id: z.number(), isDone: z.boolean() }).meta({ id: 'ToolTask' });
type Task = z.output<typeof Task>;

/** A list of tasks for programs: over HTTP, and as tools of a model. */
export class Tasks {
  readonly #tasks = new Map<number, Task>();
  #lastId = 0;

  constructor() {
    this.create({ title: 'Connect a client' });
    this.create({ title: 'Ask it what is to be done', due: '2026-12-31' });
  }

  list(done: boolean | undefined = undefined) {
    return [...this.#tasks.values()].filter(({ isDone }) => done === undefined || isDone === done);
  }

  create(input: z.output<typeof NewTask>) {
    this.#lastId += 1;
    const task: Task = { id: this.#lastId, isDone: false, ...input };
    this.#tasks.set(task.id, task);
    return reply(201, task);
  }

  finish(id: number) {
    const task = this.#tasks.get(id);
    if (!task) throw createError(404, 'There is no such task');
    task.isDone = true;
    return task;
  }

  /** A model reads it as one text. */
  async *report() {
    for (const { id, title, isDone, due } of this.#tasks.values())
      yield `${isDone ? 'done' : 'open'} #${id} ${title}${due ? ` (by ${due})` : ''}\n`;
  }

  /** No tool: a model must not do this. */
  remove(id: number) {
    this.#tasks.delete(id);
  }

  static routes = {
    list: { path: 'GET /', params: [Boolean], returns: z.array(Task), tool: true, summary: 'Lists the tasks' },
    create: { path: 'POST /', input: NewTask, returns: Task, tool: true, summary: 'Adds a task' },
    finish: {
      path: 'POST /:id/finish',
      params: [Number],
      returns: Task,
      tool: true,
      summary: 'Marks a task as done',
      description: 'Ask the user before; it can not be undone.',
    },
    report: { path: 'GET /report', tool: true, summary: 'Tells all tasks as text, one a line' },
    remove: { path: 'DELETE /:id', params: [Number] },
  } satisfies Routes<Tasks>;
}
