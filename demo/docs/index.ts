import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Controller, type Micropie, micropie, type Routes } from '../../lib/index.js';
import { type Mount, type OpenApiDocument, openapi } from '../../lib/openapi/openapi.js';
import { html } from '../html.js';

const require = createRequire(import.meta.url);

/** An explorer of an API: Swagger UI, whose files come from node_modules. */
export class Docs extends Controller {
  static routes = {
    index: 'GET',
    'openapi.json': 'GET',
  } satisfies Routes<Docs>;

  readonly #document: OpenApiDocument;

  constructor(document: OpenApiDocument) {
    super();
    this.#document = document;
  }

  index() {
    // Swagger UI has icons in its style sheet, and styles in the elements that it makes.
    const policy = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'";
    this.ctx.set('Content-Security-Policy', policy);
    return String(PAGE);
  }

  'openapi.json'() {
    return this.#document;
  }

  'docs.js'() {
    return this.#file('js', join(import.meta.dirname, 'docs.js'));
  }

  'docs.css'() {
    return this.#file('css', join(import.meta.dirname, 'docs.css'));
  }

  'swagger-ui.js'() {
    return this.#file('js', require.resolve('swagger-ui-dist/swagger-ui-bundle.js'));
  }

  'swagger-ui.css'() {
    return this.#file('css', require.resolve('swagger-ui-dist/swagger-ui.css'));
  }

  #file(type: string, path: string) {
    this.ctx.type = type;
    return readFile(path);
  }
}

const PAGE = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Documentation · koa-micropie</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/docs.css">
<script src="/docs/swagger-ui.js"></script>
<script type="module" src="/docs/docs.js"></script>
</head>
<body>
<header><a href="/"><img src="/icon.svg" alt="" width="28" height="28"> koa-micropie <small>All demos</small></a> <a href="/docs/openapi.json">openapi.json</a></header>
<main id="docs"></main>
</body>
</html>
`;

/** @param mounts - What the document shall tell of. */
export function docs(mounts: readonly Mount[]): Micropie {
  const document = openapi(mounts, {
    info: {
      title: 'koa-micropie: the tour',
      version: '1.0.0',
      description:
        'Made of the classes of the demos. Open a demo and a line, press "Try it out", then "Execute". ' +
        'Swagger UI waits for the end of an answer: streams of events, which have none, are for the pages below /try.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
  });
  return micropie(new Docs(document), { prefix: '/docs', session: false });
}
