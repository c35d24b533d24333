import { curlOf, requestOf } from './request.js';

const template = document.querySelector('#answer');
// Longer ones are cut off, in characters.
const MOST = 20_000;

for (const section of document.querySelectorAll('.request')) {
  const form = section.querySelector('form');
  const command = section.querySelector('.curl code');
  const answer = section.querySelector('.answer');
  form.querySelector('button').disabled = false;
  form.addEventListener('input', () => {
    command.textContent = curlOf(requestIn(form), location.origin);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    exchange(requestIn(form), answer);
  });
  for (const link of section.querySelectorAll('[data-example]'))
    link.addEventListener('click', (event) => {
      // Whoever wants another tab gets one.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      exchange({ method: 'GET', address: link.getAttribute('href') }, answer);
    });
  offerCopy(section.querySelector('.curl button'), command);
}

function requestIn(form) {
  const fields = Array.from(form.querySelectorAll('[data-name]')).flatMap(valuesOf);
  const method = form.querySelector('[data-method]').value;
  const isJson = form.querySelector('[data-as]')?.value === 'JSON';
  return requestOf({ method, path: form.dataset.path, isJson, fields });
}

function valuesOf({ dataset: { name, type }, value, checked, files }) {
  if (type === 'boolean' && !checked) return [];
  if (type === 'file' && files.length > 0) return Array.from(files, (file) => ({ name, type, value: file }));
  return [{ name, type, value }];
}

/** Sends a request, and shows it with what comes back, as it comes. */
async function exchange(request, place) {
  const leaving = new AbortController();
  const parts = show(place, request, leaving);
  const started = performance.now();
  try {
    const answer = await fetch(request.address, { ...initOf(request), signal: leaving.signal });
    showHead(parts, request, answer);
    const size = await showBody(parts.body, answer);
    parts.status.textContent += ` · ${Math.round(performance.now() - started)} ms · ${size.toLocaleString('en')} bytes`;
  } catch (error) {
    parts.status.textContent += leaving.signal.aborted ? ' · stopped' : ` · failed: ${error.message}`;
  }
  parts.stop.hidden = true;
}

function show(place, { method, address, type, body, parts: fields }, leaving) {
  place.dispatchEvent(new Event('replaced'));
  place.replaceChildren(template.content.cloneNode(true));
  place.addEventListener('replaced', () => leaving.abort(), { once: true });
  const parts = Object.fromEntries(Array.from(place.querySelectorAll('[data-part]'), (one) => [one.dataset.part, one]));
  parts.stop.addEventListener('click', () => leaving.abort());
  const sent = fields ? 'multipart/form-data' : type;
  const lines = fields?.map(({ name, value }) => `${name}: ${value.name ?? value}`).join('\n') ?? body;
  parts.sent.textContent = [`${method} ${address}`, sent && `content-type: ${sent}`, lines && `\n${lines}`]
    .filter(Boolean)
    .join('\n');
  return parts;
}

function initOf({ method, type, body, parts }) {
  if (!parts) return { method, body, headers: type ? { 'Content-Type': type } : {} };
  const form = new FormData();
  for (const { name, value } of parts) form.append(name, value);
  return { method, body: form };
}

function showHead({ status, headers, page }, { method }, answer) {
  const address = answer.url.replace(location.origin, '');
  const from = answer.redirected ? `Redirected to ${address}: ` : '';
  status.textContent = `${from}${answer.status} ${answer.statusText}`;
  status.dataset.kind = answer.ok ? 'good' : 'bad';
  headers.textContent = Array.from(answer.headers, ([name, value]) => `${name}: ${value}`).join('\n');
  if (!answer.headers.get('content-type')?.startsWith('text/html')) return;
  page.href = address;
  page.hidden = method !== 'GET' && !answer.redirected;
}

/** @returns How many bytes came. */
async function showBody(place, answer) {
  const isText = /^text\/|json|xml|javascript/.test(answer.headers.get('content-type') ?? 'text/');
  const decoder = new TextDecoder();
  let size = 0;
  for (const reader = answer.body?.getReader(); reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (isText && place.textContent.length < MOST) place.append(decoder.decode(value, { stream: true }));
  }
  if (place.textContent.length > MOST) place.textContent = `${place.textContent.slice(0, MOST)} …`;
  else if (!isText && size > 0) place.textContent = 'Bytes, which are no text.';
  return size;
}

function offerCopy(button, command) {
  button.hidden = false;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(command.textContent);
    const text = button.firstChild;
    text.data = 'Copied';
    setTimeout(() => {
      text.data = 'Copy';
    }, 2000);
  });
}
