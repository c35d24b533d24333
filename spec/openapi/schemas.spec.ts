import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { scope, type } from 'arktype';
import { expect } from 'chai';
import * as v from 'valibot';
import { z } from 'zod';
import type { StandardSchema } from '../../lib/index.js';
import { at, documentOf } from './documents.js';

/** A document in which each schema is the input, or the result, of a method of its own: `m0`, `m1`, ... */
function documentWith(key: 'input' | 'returns', ...schemas: StandardSchema[]) {
  class Root {}
  const routes: Record<string, object> = {};
  for (const [index, schema] of schemas.entries()) {
    Object.defineProperty(Root.prototype, `m${index}`, { value: method });
    routes[`m${index}`] = { path: 'POST', [key]: schema };
  }
  return documentOf(Object.assign(Root, { routes }));
}

const { method } = {
  method(value: unknown) {
    return value;
  },
};

function bodyOf(document: unknown, index = 0): unknown {
  return at(document, 'paths', `/m${index}`, 'post', 'requestBody', 'content', 'application/json', 'schema');
}

function resultOf(document: unknown, index = 0): unknown {
  return at(document, 'paths', `/m${index}`, 'post', 'responses', 200, 'content', 'application/json', 'schema');
}

/** The components beside that of problems. */
function components(document: unknown): Record<string, unknown> {
  const { Problem: _, ...others } = Object(at(document, 'components', 'schemas'));
  return others;
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

describe('openapi: schemas of each library', () => {
  const fields = { type: 'object', properties: { name: { type: 'string' }, at: {} }, required: ['name', 'at'] };
  const rows: [name: string, schema: StandardSchema, expected: unknown][] = [
    ['zod', z.object({ name: z.string(), at: z.date() }), fields],
    ['valibot', toStandardJsonSchema(v.object({ name: v.string(), at: v.date() })), fields],
    ['arktype', type({ name: 'string', at: 'Date' }), fields],
    ['a library that does not tell', v.object({ name: v.string() }), {}],
  ];
  for (const [name, schema, expected] of rows)
    it(`of ${name}, a date in it left open`, () => {
      const body = bodyOf(documentWith('input', schema));
      // arktype sorts what is required.
      const required = at(body, 'required');
      const sorted = Array.isArray(required) ? { ...Object(body), required: [...required].sort().reverse() } : body;
      expect(sorted).to.deep.equal(expected);
    });
});

describe('openapi: defaults', () => {
  it('are told, but for those that are made anew each time', () => {
    let next = 0;
    const made = z.string().default(() => `made-${++next}`);
    const schema = z.object({
      id: made,
      kind: z.string().default('plain'),
      default: z.object({ id: made, list: z.array(made).default(['a']) }),
      tuple: z.tuple([made, z.number().default(1)]),
      either: z.union([z.number(), made]),
    });
    const texts = [1, 2].map(() => JSON.stringify(documentWith('input', schema)));
    expect(texts[0]).to.equal(texts[1]).and.not.include('made-');
    expect(at(bodyOf(documentWith('input', schema)), 'properties')).to.deep.include({
      id: { type: 'string' },
      kind: { type: 'string', default: 'plain' },
      either: { anyOf: [{ type: 'number' }, { type: 'string' }] },
    });
    expect(texts[0]).to.include('"default":["a"]').and.include('"default":1');
  });
});

describe('openapi: named schemas', () => {
  it('may have the names of what objects inherit', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const document = documentWith('input', ...names.map((id) => z.object({ [id]: z.string() }).meta({ id })));
    const written: unknown = JSON.parse(JSON.stringify(document));
    for (const [index, name] of names.entries()) {
      expect(bodyOf(document, index)).to.deep.equal(ref(name));
      const schemas = Object(at(written, 'components', 'schemas'));
      expect(Object.getOwnPropertyDescriptor(schemas, name)?.value, name).to.have.property('type', 'object');
    }
  });

  const User = z.object({ name: z.string() }).meta({ id: 'User' });
  const Task = z.object({ title: z.string(), owner: User }).meta({ id: 'Task' });

  it('become components, once, wherever they are used', () => {
    const document = documentWith('input', Task, z.array(Task), z.object({ task: Task }), User);
    expect(components(document)).to.deep.equal({
      User: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      Task: {
        type: 'object',
        properties: { title: { type: 'string' }, owner: ref('User') },
        required: ['title', 'owner'],
      },
    });
    expect(bodyOf(document, 0)).to.deep.equal(ref('Task'));
    expect(bodyOf(document, 1)).to.deep.equal({ type: 'array', items: ref('Task') });
    expect(bodyOf(document, 3)).to.deep.equal(ref('User'));
  });

  it('are the same in what is taken and in what is given', () => {
    class Root {
      save(task: unknown) {
        return task;
      }
      static routes = { save: { path: 'POST', input: Task, returns: Task } };
    }
    expect(components(documentOf(Root))).to.have.keys('Task', 'User');
  });

  it('stay two where different ones have one name', () => {
    const [first, second] = [z.string(), z.number()].map((id) => z.object({ id }).meta({ id: 'Twin' }));
    const both = documentWith('input', first ?? Task, second ?? Task);
    expect(bodyOf(both, 0)).to.deep.equal(ref('Twin'));
    expect(bodyOf(both, 1)).to.deep.equal(ref('Twin2'));
    expect(components(both)).to.have.keys('Twin', 'Twin2');
  });

  it('stay two where only what they refer to differs', () => {
    const outer = (id: z.ZodType) => z.object({ inner: z.object({ id }).meta({ id: 'Inner' }) }).meta({ id: 'Outer' });
    const document = documentWith('input', outer(z.string()), outer(z.number()));
    expect(components(document)).to.have.keys('Inner', 'Outer', 'Inner2', 'Outer2');
    expect(at(components(document), 'Outer2', 'properties', 'inner')).to.deep.equal(ref('Inner2'));
  });

  it('keep out of the way of the names that are given, and of the problem', () => {
    const document = documentWith('input', z.object({ id: z.string() }).meta({ id: 'Problem' }));
    expect(bodyOf(document)).to.deep.equal(ref('Problem2'));
  });

  it('have names that a component may have', () => {
    const document = documentWith('input', z.object({ id: z.string() }).meta({ id: 'Page<Täsk>' }));
    expect(bodyOf(document)).to.deep.equal(ref('Page_T_sk_'));
  });

  it('may come from a library that writes the id into the schema itself', () => {
    const leaf = { id: 'Leaf', type: 'object', properties: { id: { type: 'string' }, $ref: { type: 'string' } } };
    const document = documentWith('input', standardOf({ type: 'array', items: leaf }));
    expect(bodyOf(document)).to.deep.equal({ type: 'array', items: ref('Leaf') });
    expect(components(document)['Leaf']).to.deep.equal({ type: 'object', properties: leaf.properties });
  });
});

describe('openapi: schemas that refer to themselves', () => {
  const Zod = z.object({
    text: z.string(),
    get answers() {
      return z.array(Zod);
    },
  });
  const Valibot: v.GenericSchema = v.object({ text: v.string(), answers: v.array(v.lazy(() => Valibot)) });
  const { node } = scope({ node: { text: 'string', answers: 'node[]' } }).export();
  const rows: [name: string, schema: StandardSchema][] = [
    ['zod', Zod],
    ['zod, in a list', z.array(Zod)],
    ['valibot', toStandardJsonSchema(Valibot)],
    ['arktype', node],
    ['arktype, in a list', node.array()],
  ];
  for (const [name, schema] of rows)
    it(`of ${name} are components with the name of their route`, () => {
      const document = documentWith('input', schema);
      const names = Object.keys(components(document));
      expect(names[0]).to.equal('M0');
      expect(names.filter((one) => !/^M0\d?$/.test(one))).to.deep.equal([]);
      const references = [...JSON.stringify(document.paths).matchAll(/#\/components\/schemas\/(\w+)/g)];
      expect(references.map(([, one]) => one)).to.include(names.at(0));
      expect(JSON.stringify(document)).not.to.match(/"\$ref":"#(?:"|\/\$defs)/);
    });

  it('may point into themselves', () => {
    const pointing = standardOf({
      type: 'object',
      properties: { a: { type: 'string' }, b: { $ref: '#/properties/a' }, c: { $ref: '#/$defs/x~1y/items' } },
      $defs: { 'x/y': { type: 'array', items: { type: 'number' } } },
    });
    const { M0, x_y } = components(documentWith('input', pointing));
    expect(at(M0, 'properties', 'b')).to.deep.equal(ref('M0/properties/a'));
    expect(at(M0, 'properties', 'c')).to.deep.equal(ref('x_y/items'));
    expect(x_y).to.deep.equal({ type: 'array', items: { type: 'number' } });
  });
});

describe('openapi: values in schemas', () => {
  it('are left as they are, whatever they look like', () => {
    const schema = { default: { $ref: '#', additionalProperties: false, id: 'x' }, enum: [{ $ref: '#/$defs/y' }] };
    expect(resultOf(documentWith('returns', standardOf(schema)))).to.deep.equal(schema);
  });

  it('keep what a strict schema refuses', () => {
    const document = documentWith('input', z.strictObject({ a: z.string() }));
    expect(bodyOf(document)).to.deep.include({ additionalProperties: false });
  });

  it('of a query become parameters, those of a union and an intersection too', () => {
    class Root {
      find(_filter: unknown) {}
      static routes = {
        find: {
          path: 'GET',
          input: z
            .union([z.object({ kind: z.literal('a'), a: z.string() }), z.object({ kind: z.literal('b') })])
            .and(z.object({ page: z.number() })),
        },
      };
    }
    const list = at(documentOf(Root), 'paths', '/find', 'get', 'parameters');
    const named = Object.fromEntries(Object(list).map((one: object) => [at(one, 'name'), one]));
    expect(named).to.have.keys('kind', 'a', 'page');
    expect(at(named, 'page', 'required')).to.equal(true);
    expect(at(named, 'a', 'required')).to.equal(undefined);
    expect(Object(at(named, 'kind', 'schema', 'anyOf'))).to.have.length(2);
  });
});

/** A schema that tells this JSON Schema, and takes anything. */
function standardOf(schema: Record<string, unknown>): StandardSchema {
  const tell = () => structuredClone(schema);
  const validate = (value: unknown) => ({ value });
  return { '~standard': { version: 1, vendor: 'spec', validate, jsonSchema: { input: tell, output: tell } } };
}
