import type { Examples } from './explorer/index.js';

const ORDER = { name: 'Ada', email: 'ada@example.org' };
// Identifiers are random: people fill in the one that the request before gave them.
const ID = { id: 'an-id' };
const CODE = { code: 'a-code' };
const ACCOUNT = { name: 'ada', password: 'a long secret' };
const ADDRESS = { street: 'Pie Lane 1', city: 'Bath', zip: '00123' };

/** What is in the forms of the demos' requests at first. What a link of a demo says is there without being told here. */
export const EXAMPLES: Readonly<Record<string, Examples>> = {
  requests: {
    contact: { name: 'Ada', message: 'A pie, please', newsletter: true },
    order: { item: 'pie', quantity: 2, gift: true },
  },
  'json-api': {
    create: { title: 'Bake a pie' },
    replace: { id: 2, title: 'Bake two pies', done: true },
    change: { id: 2, done: true },
    remove: { id: 1 },
  },
  validated: {
    order: { ...ORDER, ...ADDRESS, pies: ['apple', 'leek'], count: 2, note: '' },
    thanks: { id: 1 },
    'orders.create': { ...ORDER, address: ADDRESS, items: [{ pie: 'apple', count: 2 }] },
    'orders.show': { id: 1 },
  },
  blog: {
    login: { name: 'Ada' },
    'posts.comment': { slug: 'first', text: 'Well said', name: 'Grace' },
    'admin.posts.publish': { title: 'Second', text: 'Written by a request.' },
    'admin.posts.remove': { slug: 'second' },
    'admin.comments.remove': { slug: 'first', position: 0 },
  },
  middleware: { square: { x: 7 } },
  sessions: { login: { name: 'Ada' } },
  auth: { bake: { pie: 'plum' } },
  uploads: { download: ID, remove: ID },
  events: { say: { text: 'Hello', name: 'Ada' } },
  client: {
    'api.tasks.create': { title: 'Bake a pie' },
    'api.tasks.change': { id: 1, title: 'Read the guide', isDone: true },
    'api.tasks.remove': { id: 2 },
  },
  chat: { index: { room: 'kitchen' } },
  tools: {
    'tasks.create': { title: 'Bake a pie', due: '2026-12-31' },
    'tasks.finish': { id: 1 },
    'tasks.remove': { id: 2 },
  },
  pastebin: {
    create: { title: 'Pie', syntax: 'ts', text: 'const pie = 3.14;', lifetime: '1 hour' },
    show: ID,
    raw: ID,
    remove: ID,
  },
  'url-shortener': {
    // Refused: the token of the page is missing.
    create: { url: 'https://example.org', lifetime: 3600 },
    remove: CODE,
    'api.create': { url: 'https://example.org', lifetime: 3600 },
    'api.show': CODE,
  },
  microblog: {
    register: ACCOUNT,
    login: ACCOUNT,
    write: { text: 'Hello, everybody' },
    person: { name: 'ada' },
    follow: { name: 'ada' },
    unfollow: { name: 'ada' },
  },
};
