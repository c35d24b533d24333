import { readFileSync, realpathSync } from 'node:fs';
import { dirname, extname, relative, resolve, sep } from 'node:path';

/** What one page wants otherwise than the mount. */
export interface RenderOptions {
  /** The template around the page; `false` for none. Where not given, the option `layout` of `micropie`. */
  readonly layout?: string | false | undefined;
}

/** Renders a template with data, beneath which lies the request's state. */
export type Render = (name: string, data: object, state: object, options?: RenderOptions) => Promise<string>;

type Variables = Record<string, unknown>;
/** A promise only where the template, or what it includes, waits. */
type Html = string | Promise<string>;

interface Template {
  /** Where its includes are looked for. */
  readonly folder: string;
  readonly render: (variables: Variables) => Html;
}

/**
 * Prepares the rendering of EJS templates from one folder, which no name and no include can leave.
 *
 * @param folder - The folder, as seen from where the process was started.
 * @param defaultLayout - The template that is put around each page, which it sees as `body`.
 */
export function prepareViews(folder: string, defaultLayout?: string): Render {
  let views: Views | undefined;
  return async (name, data, state, { layout = defaultLayout } = {}) => {
    views ??= new Views(await loadEjs(), folder);
    const variables = merge(state, data);
    const body = await views.render(name, variables);
    return layout ? views.render(layout, merge(variables, { body })) : body;
  };
}

type Ejs = typeof import('ejs');

async function loadEjs(): Promise<Ejs> {
  try {
    const { default: ejs } = await import('ejs');
    return ejs;
  } catch (cause) {
    throw new Error("render() needs the package ejs: install it with 'npm install ejs'", { cause });
  }
}

// Far below where the stack overflows, which can happen between making a promise and minding its rejection.
const MAX_DEPTH = 200;

/** The templates of one folder. Files are read synchronously, so that `include()` can return text. */
class Views {
  readonly #ejs: Ejs;
  readonly #folder: string;
  /** By their real paths, so that the names which clients choose can't fill the memory. */
  readonly #compiled = new Map<string, Template>();
  readonly #isCached = process.env.NODE_ENV === 'production';
  #root: string | undefined;

  constructor(ejs: Ejs, folder: string) {
    this.#ejs = ejs;
    this.#folder = folder;
  }

  /** Renders a template whose name is seen from a folder, in which it need not lie. */
  render(name: string, variables: Variables, from?: string, depth = 0): Html {
    if (depth > MAX_DEPTH) throw new Error(`The template '${name}' is included ${MAX_DEPTH} deep: is it in a circle?`);
    const path = this.#find(name, from);
    const { folder, render } = this.#compiled.get(path) ?? this.#compile(path, name);
    const include = (name: string, data?: object): Html => {
      const html = this.render(name, merge(variables, data), folder, depth + 1);
      return typeof html === 'string' ? html : refuseAsText(html, name);
    };
    // As a variable it comes before what EJS calls so, which knows nothing of the folder and returns bare promises.
    return render(Object.assign(merge(variables), { include }));
  }

  /** Resolves symbolic links, so that they can't lead out of the folder either. */
  #find(name: string, from?: string): string {
    try {
      this.#root ??= realpathSync(this.#folder);
      const path = resolve(from ?? this.#root, extname(name) === '' ? `${name}.ejs` : name);
      return this.#compiled.has(path) ? path : requireInside(this.#root, realpathSync(path));
    } catch (cause) {
      throw new Error(`There is no template '${name}' in the folder '${this.#folder}'`, { cause });
    }
  }

  #compile(path: string, name: string): Template {
    try {
      const label = relative(this.#root ?? '', path);
      const template = { folder: dirname(path), render: compile(this.#ejs, readFileSync(path, 'utf8'), label) };
      if (this.#isCached) this.#compiled.set(path, template);
      return template;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`The template '${name}' can't be compiled: ${reason}`, { cause });
    }
  }
}

// A tag with an `await`. Only such templates are asynchronous: the others can be included without waiting.
const WAITS = /<%(?:(?!%>).)*?\bawait\b/s;

function compile(ejs: Ejs, text: string, label: string): Template['render'] {
  // V8 shows this name in stacks, since without `compileDebug` EJS tells nothing of where an error came from.
  const named = `<%//# sourceURL=ejs:${encodeURI(label)}\n%>${text.replace(/^\uFEFF/, '')}`;
  return ejs.compile(named, {
    // Their defaults, which EJS would look up on Object.prototype as well.
    delimiter: '%',
    openDelimiter: '<',
    closeDelimiter: '>',
    async: WAITS.test(text),
    // Otherwise EJS 3 to 7 write source lines and the path into the message of whatever is thrown inside, which
    // Koa sends to the client where the error has `expose`.
    compileDebug: false,
  });
}

function requireInside(root: string, path: string): string {
  if (path.startsWith(root + sep)) return path;
  throw new Error(`${path} lies outside of ${root}`);
}

/** Written as text, a promise would be `[object Promise]`. */
function refuseAsText(html: Promise<string>, name: string): Promise<string> {
  // The page may fail, or forget it, before it rejects: an unhandled rejection ends the process.
  html.catch(() => {});
  return Object.assign(html, {
    toString() {
      throw new Error(`The template '${name}' waits for something: include it with <%- await include('${name}') %>`);
    },
  });
}

// Names that compiled templates use themselves: data under these would replace the template's own machinery.
const MACHINERY = new Set([
  'include',
  'escapeFn',
  'rethrow',
  'locals',
  '__append',
  '__output',
  '__line',
  '__lines',
  '__filename',
]);

/** Copies variables, the later ones over the earlier. */
function merge(...sources: (object | undefined)[]): Variables {
  // Without a prototype, where templates would find what does not belong to the data.
  const variables: Variables = Object.assign(Object.create(null), ...sources);
  for (const name of Object.keys(variables))
    if (MACHINERY.has(name))
      throw new TypeError(`render(): '${name}' can't be a variable, since templates use the name themselves`);
  return variables;
}
