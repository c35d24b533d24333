import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Controller, type Micropie, micropie, type Routes } from '../../lib/index.js';
import { type Described, requestsPage, sourcePage } from './pages.js';
import { type Explored, requestsOf } from './requests.js';
import { sourceFiles } from './source.js';

export type { Examples } from './requests.js';

type Demo = Explored & Pick<Described, 'title' | 'about' | 'page'>;

/** For each demo a page that sends its requests and shows what comes back, and one with its source. */
class Explorer extends Controller {
  static routes = {
    requests: 'GET /:name',
    source: 'GET /:name/source',
  } satisfies Routes<Explorer>;

  readonly #demos: ReadonlyMap<string, Described>;

  constructor(demos: readonly Described[]) {
    super();
    this.#demos = new Map(demos.map((demo) => [demo.title, demo]));
  }

  requests(name: string) {
    return requestsPage(this.#find(name), this.ctx.URL.origin);
  }

  source(name: string) {
    return sourcePage(this.#find(name));
  }

  'explorer.js'() {
    return this.#file('explorer.js');
  }

  'request.js'() {
    return this.#file('request.js');
  }

  'explorer.css'() {
    return this.#file('explorer.css');
  }

  #find(name: string): Described {
    return this.#demos.get(name) ?? this.ctx.throw(404, 'There is no such demo');
  }

  #file(name: string) {
    this.ctx.type = name;
    return readFile(join(import.meta.dirname, name));
  }
}

export function explorer(demos: readonly Demo[]): Micropie {
  const described = demos.map((demo) => ({
    ...demo,
    requests: requestsOf(demo),
    files: sourceFiles(join(import.meta.dirname, '..', demo.title)),
  }));
  return micropie(new Explorer(described), { prefix: '/try', session: false });
}
