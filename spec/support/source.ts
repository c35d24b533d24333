/** A class made of source text, as the running Node reads it, so that no build tool touches its methods. */
export type Class = new () => object;

/**
 * Makes a class of the source text of its body.
 *
 * @param body - What stands between the class's braces.
 * @param scope - What the text may use, by name.
 * @param head - The class's name and what it extends.
 */
export function classOf(body: string, scope: Readonly<Record<string, unknown>> = {}, head = 'Root'): Class {
  const text = `return class ${head} {\n${body}\n}`;
  const made: unknown = new Function(...Object.keys(scope), text)(...Object.values(scope));
  if (isClass(made)) return made;
  throw new TypeError('The text is not that of a class');
}

/** The first method of a class. */
export function methodOf({ prototype }: { readonly prototype: object }): object {
  const name = Object.getOwnPropertyNames(prototype).find((own) => own !== 'constructor');
  const method: unknown = name === undefined ? undefined : Object.getOwnPropertyDescriptor(prototype, name)?.value;
  if (typeof method === 'function') return method;
  throw new TypeError('The class has no method');
}

/** Whether the running Node knows the syntax of a method. */
export function isSyntax(method: string): boolean {
  try {
    classOf(method);
    return true;
  } catch {
    return false;
  }
}

function isClass(value: unknown): value is Class {
  return typeof value === 'function' && value.prototype !== undefined;
}
