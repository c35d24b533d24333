import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import { micropie, type Routes, reply, type StandardSchema } from '../../lib/index.js';

interface Task {
  id: number;
  title: string;
  tags: string[];
}

const Zod = {
  id: z.number().int(),
  name: z.string().min(1),
  text: z.string().transform(Number),
  task: z.object({ id: z.number(), title: z.string(), tags: z.array(z.string()) }),
  later: z.string().refine(async () => true),
};
const Valibot = {
  id: v.pipe(v.number(), v.integer()),
  name: v.pipe(v.string(), v.minLength(1)),
  text: v.pipe(v.string(), v.transform(Number)),
  task: v.object({ id: v.number(), title: v.string(), tags: v.array(v.string()) }),
  later: v.pipeAsync(
    v.string(),
    v.checkAsync(async () => true),
  ),
};
const Arktype = {
  id: type('number.integer'),
  name: type('string > 0'),
  text: type('string.numeric.parse'),
  task: type({ id: 'number', title: 'string', tags: 'string[]' }),
};

export const ids: StandardSchema<unknown, number>[] = [Zod.id, Valibot.id, Arktype.id];
export const texts: StandardSchema<string, number>[] = [Zod.text, Valibot.text, Arktype.text];
export const tasks: StandardSchema<Task>[] = [Zod.task, Valibot.task, Arktype.task];
export const asynchronous: StandardSchema<string>[] = [Zod.later, Valibot.later];
export const telling: StandardSchema<unknown, Task> = toStandardJsonSchema(Valibot.task);

class Tasks {
  id(id: number) {
    return id;
  }
  both(id: number, name: string) {
    return `${id} ${name}`;
  }
  whole(id: number, task: Task) {
    return { ...task, id };
  }
  async found(id: number): Promise<Task | null> {
    return id > 0 ? { id, title: '', tags: [] } : null;
  }
  made(name: string) {
    return name === '' ? reply(404, { error: name }) : reply(201, { id: 1, title: name, tags: [] });
  }
}

export class OfZod extends Tasks {
  static routes = {
    id: { path: 'GET /:id', params: [Zod.id], returns: z.number() },
    both: { params: [Zod.text, ['name', Zod.name]], returns: z.string() },
    whole: { path: 'PUT /:id', params: [Zod.id], input: Zod.task, returns: Zod.task },
    found: { returns: Zod.task },
    made: { params: [Zod.later], returns: { 201: Zod.task, 404: z.object({ error: z.string() }) } },
  } satisfies Routes<OfZod>;
  static swapped = {
    // @ts-expect-error both are in the other's place
    both: { params: [Zod.name, Zod.id] },
    // @ts-expect-error a task is no number
    id: { params: [Zod.task] },
    // @ts-expect-error also with a name
    found: { params: [['id', Zod.name]] },
    // @ts-expect-error the last parameter is a task
    whole: { input: Zod.id },
  } satisfies Routes<OfZod>;
}
micropie(OfZod);

export class OfValibot extends Tasks {
  static routes = {
    id: { path: 'GET /:id', params: [Valibot.id], returns: v.number() },
    both: { params: [Valibot.text, ['name', Valibot.name]], returns: v.string() },
    whole: { path: 'PUT /:id', params: [Valibot.id], input: Valibot.task, returns: Valibot.task },
    found: { returns: toStandardJsonSchema(Valibot.task) },
    made: { params: [Valibot.later], returns: { 201: Valibot.task, 404: v.object({ error: v.string() }) } },
  } satisfies Routes<OfValibot>;
  static swapped = {
    // @ts-expect-error both are in the other's place
    both: { params: [Valibot.name, Valibot.id] },
    // @ts-expect-error a task is no number
    id: { params: [Valibot.task] },
    // @ts-expect-error also with a name
    found: { params: [['id', Valibot.name]] },
    // @ts-expect-error the last parameter is a task
    whole: { input: Valibot.id },
  } satisfies Routes<OfValibot>;
}
micropie(OfValibot);

export class OfArktype extends Tasks {
  static routes = {
    id: { path: 'GET /:id', params: [Arktype.id], returns: type('number') },
    both: { params: [Arktype.text, ['name', Arktype.name]], returns: type('string') },
    whole: { path: 'PUT /:id', params: [Arktype.id], input: Arktype.task, returns: Arktype.task },
    found: { returns: Arktype.task },
    made: { params: [Arktype.name], returns: { 201: Arktype.task, 404: type({ error: 'string' }) } },
  } satisfies Routes<OfArktype>;
  static swapped = {
    // @ts-expect-error both are in the other's place
    both: { params: [Arktype.name, Arktype.id] },
    // @ts-expect-error a task is no number
    id: { params: [Arktype.task] },
    // @ts-expect-error also with a name
    found: { params: [['id', Arktype.name]] },
    // @ts-expect-error the last parameter is a task
    whole: { input: Arktype.id },
  } satisfies Routes<OfArktype>;
}
micropie(OfArktype);

/** Written by hand, with and without the types that it need not state. */
const written = { version: 1 as const, vendor: 'none', validate: (value: unknown) => ({ value: Number(value) }) };
const Untyped = { '~standard': written };
declare const Typed: StandardSchema<string, number>;

export class OfNone extends Tasks {
  static routes = {
    id: { params: [Untyped] },
    found: { params: [['id', Typed]], returns: Untyped },
  } satisfies Routes<OfNone>;
  static wrong = {
    // @ts-expect-error its output is a number
    both: { params: [Number, Typed] },
    // @ts-expect-error no schema at all
    id: { params: [{ validate: Number }] },
  } satisfies Routes<OfNone>;
}
micropie(OfNone);

class WrongZod extends Tasks {
  static routes = { id: { returns: Zod.name } } satisfies Routes<WrongZod>;
}
// @ts-expect-error it returns a number
micropie(WrongZod);

class WrongValibot extends Tasks {
  static routes = { found: { returns: v.object({ id: v.string() }) } } satisfies Routes<WrongValibot>;
}
// @ts-expect-error its id is a number
micropie(WrongValibot);

class WrongArktype extends Tasks {
  static routes = { whole: { returns: type({ done: 'boolean' }) } } satisfies Routes<WrongArktype>;
}
// @ts-expect-error it has no such member
micropie(WrongArktype);
