import { htmlEscape } from 'escape-goat';

/** HTML that goes into a page as it is. */
export class Html {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

/** Escapes every value put into it, but for HTML made by itself. */
export function html(parts: TemplateStringsArray, ...values: unknown[]): Html {
  return new Html(parts.map((part, index) => part + (index < values.length ? insert(values[index]) : '')).join(''));
}

/**
 * A whole page in the tour's clothes.
 *
 * @param script - The address of its script.
 * @param style - The address of what its style sheet adds to the tour's.
 */
export function page(title: string, content: Html, script?: string, style?: string): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · koa-micropie</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
${style && html`<link rel="stylesheet" href="${style}">`}
${script && html`<script type="module" src="${script}"></script>`}
</head>
<body>
<header><a href="/"><img src="/icon.svg" alt="" width="28" height="28"> koa-micropie <small>All demos</small></a></header>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`);
}

function insert(value: unknown): string {
  if (value instanceof Html) return String(value);
  if (Array.isArray(value)) return value.map(insert).join('');
  return value === undefined || value === null || value === false ? '' : htmlEscape(String(value));
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** A size as people read it, such as `1.2 MB`. */
export function readableSize(bytes: number): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(bytes, 1)) / 3));
  const unitDisplay = step === 0 ? 'long' : 'short';
  return (bytes / 1000 ** step).toLocaleString('en', {
    style: 'unit',
    unit: UNITS[step] ?? 'byte',
    unitDisplay,
    maximumFractionDigits: 1,
  });
}
