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

/** A whole page in the tour's clothes. */
export function page(title: string, content: Html, script?: string): string {
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · koa-micropie</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
${script && html`<script type="module" src="${script}"></script>`}
</head>
<body>
<header><a href="/"><img src="/icon.svg" alt="" width="28" height="28"> koa-micropie</a></header>
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
  return value === undefined || value === null ? '' : escapeHtml(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
