// Used by the server, which writes the forms, and by the page, where people change them.

export function requestOf({ method, path, isJson, fields }) {
  const names = new Set(Array.from(path.matchAll(/[:*](\w+)/g), ([, name]) => name));
  const others = fields.filter(({ name }) => !names.has(name));
  const address = path.replace(/([:*])(\w+)/g, (_, kind, name) => segmentOf(kind, fields, name));
  if (others.length === 0) return { method, address };
  if (method === 'GET' || method === 'DELETE') return { method, address: withQuery(address, others) };
  return { method, address, ...bodyOf(others, isJson) };
}

export function curlOf({ method, address, type, body, parts }, origin) {
  const words = ['curl', '-i'];
  if (method !== (body || parts ? 'POST' : 'GET')) words.push('-X', method);
  if (type === 'application/json') words.push('-H', quote(`Content-Type: ${type}`));
  if (body) words.push('-d', quote(body));
  for (const part of parts ?? []) words.push('-F', quote(`${part.name}=${partOf(part)}`));
  return [...words, quote(origin + address)].join(' ');
}

function segmentOf(kind, fields, name) {
  const value = fields.find((field) => field.name === name)?.value ?? '';
  return kind === '*' ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value);
}

function withQuery(address, fields) {
  const query = pairsOf(fields.filter(({ value }) => value !== ''));
  return query === '' ? address : `${address}?${query}`;
}

function bodyOf(fields, isJson) {
  const [whole] = fields.filter(({ type }) => type === 'json');
  if (whole) return { type: 'application/json', body: whole.value };
  if (fields.some(({ type }) => type === 'file')) return { parts: fields };
  if (isJson) return { type: 'application/json', body: JSON.stringify(membersOf(fields)) };
  return { type: 'application/x-www-form-urlencoded', body: pairsOf(fields) };
}

function pairsOf(fields) {
  return String(new URLSearchParams(fields.map(({ name, value }) => [name, value])));
}

/** In JSON, numbers and booleans are what they are; what was left blank is left out. */
function membersOf(fields) {
  const members = {};
  for (const { name, type, value } of fields) {
    if (type === 'list') members[name] = [...(members[name] ?? []), value];
    else if (value !== '') members[name] = typed(type, value);
  }
  return members;
}

function typed(type, value) {
  if (type === 'boolean') return true;
  return type === 'number' && Number.isFinite(Number(value)) ? Number(value) : value;
}

/** A name stands for the file that curl reads. */
function partOf({ type, value }) {
  return type === 'file' ? `@${value.name ?? 'file.txt'}` : value;
}

function quote(text) {
  return /^[\w/:.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
