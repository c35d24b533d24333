import { validate } from '@readme/openapi-parser';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { micropie } from '../../lib/index.js';
import { type OpenApiDocument, openapi } from '../../lib/openapi/openapi.js';

export const INFO = { title: 'Spec', version: '1.0.0', license: { name: 'MIT', identifier: 'MIT' } };

/** The document of one class that is mounted at the root. */
export function documentOf(controller: object): OpenApiDocument {
  return openapi(micropie(controller), { info: INFO });
}

/** A part of a document, by the keys that lead to it. */
export function at(document: unknown, ...keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    document,
  );
}

/** What three independent programs have to say against a document. */
export async function complaintsAbout(document: OpenApiDocument): Promise<unknown[]> {
  const text = JSON.stringify(document);
  const first = await new Validator().validate(JSON.parse(text));
  const second = await validate(JSON.parse(text));
  const config = await createConfig({ extends: ['recommended'] });
  const third = await lintFromString({ source: text, absoluteRef: 'openapi.json', config });
  return [
    ...(first.valid ? [] : [first.errors]),
    ...(second.valid ? second.warnings : second.errors),
    ...third.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`),
  ];
}
