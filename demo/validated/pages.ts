import { type Html, html, page } from '../html.js';
import { type NewOrder, PIES } from './schemas.js';

interface Field {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  /** Further attributes of the input. */
  readonly attributes?: Html;
}

const FIELDS: readonly Field[] = [
  { name: 'name', label: 'Name', attributes: html`autocomplete="name"` },
  { name: 'email', label: 'E-mail', attributes: html`type="email" autocomplete="email"` },
  { name: 'street', label: 'Street', attributes: html`autocomplete="street-address"` },
  { name: 'city', label: 'City', attributes: html`autocomplete="address-level2"` },
  {
    name: 'zip',
    label: 'Postal code',
    hint: 'Five digits',
    attributes: html`inputmode="numeric" autocomplete="postal-code"`,
  },
];
const LAST: readonly Field[] = [
  { name: 'count', label: 'How many of each', hint: 'From 1 to 20', attributes: html`inputmode="numeric"` },
  { name: 'note', label: 'Note to the baker (optional)' },
];
const START = new Map([['count', ['1']]]);

/**
 * The form of an order. It works without a script: what is wrong is a list of links to the fields, and a text beside
 * each of them.
 *
 * @param values - What was typed in, by the fields' names.
 * @param messages - What is wrong, by the fields' names.
 */
export function formPage(
  values: ReadonlyMap<string, readonly string[]> = START,
  messages: ReadonlyMap<string, string> = new Map(),
): string {
  const input = (field: Field) => inputOf(field, values.get(field.name)?.[0], messages.get(field.name));
  return page(
    messages.size > 0 ? 'Please look again' : 'Order pies',
    html`${summaryOf(messages)}
<form action="/validated" method="post" novalidate>
${FIELDS.map(input)}
${piesOf(values.get('pies') ?? [], messages.get('pies'))}
${LAST.map(input)}
<button>Order</button>
</form>
<p><small>The browser checks nothing here, so that you see what the server says.
Programs send JSON to <a href="/validated/orders">/validated/orders</a>.</small></p>`,
  );
}

export function receiptPage({ name, address, items }: NewOrder): string {
  return page(
    'Thank you',
    html`<p>${name}, we are baking for ${address.street}, ${address.zip} ${address.city}:</p>
<ul>${items.map(({ pie, count }) => html`<li>${count} × ${pie}</li>`)}</ul>
<p><a href="/validated">Order more</a></p>`,
  );
}

/** A screen reader begins with it; each line leads to its field. */
function summaryOf(messages: ReadonlyMap<string, string>): Html | undefined {
  if (messages.size === 0) return undefined;
  return html`<div class="problems" role="alert">
<p>Nothing was ordered yet:</p>
<ul>${[...messages].map(([name, message]) => html`<li><a href="#${name}">${message}</a></li>`)}</ul>
</div>`;
}

function inputOf({ name, label, hint, attributes }: Field, value = '', message?: string): Html {
  return html`<div class="field">
<label for="${name}">${label}</label>
${hint && html`<small id="${name}-hint">${hint}</small>`}
${messageOf(name, message)}
<input id="${name}" name="${name}" value="${value}" ${attributes} ${described(name, hint, message)}>
</div>`;
}

function piesOf(chosen: readonly string[], message?: string): Html {
  return html`<fieldset id="pies" tabindex="-1" ${described('pies', undefined, message)}><legend>Pies</legend>
${messageOf('pies', message)}
${PIES.map((pie) => html`<label><input type="checkbox" name="pies" value="${pie}"${chosen.includes(pie) ? CHECKED : undefined}> ${pie}</label>`)}
</fieldset>`;
}

const CHECKED = html` checked`;

function messageOf(name: string, message: string | undefined): Html | undefined {
  return message === undefined ? undefined : html`<strong id="${name}-problem" class="problem">${message}</strong>`;
}

/** Has a screen reader read the hint and the message with the field. */
function described(name: string, hint: string | undefined, message: string | undefined): Html | undefined {
  const ids = [hint && `${name}-hint`, message && `${name}-problem`].filter(Boolean).join(' ');
  if (ids === '') return undefined;
  return html`aria-describedby="${ids}" ${message && INVALID}`;
}

const INVALID = html`aria-invalid="true"`;
