import createClient from 'openapi-fetch';
import type { paths } from './made/api.js';

/** What is typed as the document says; a wrong type here is an error of the compiler. */
export async function play(baseUrl: string): Promise<unknown[]> {
  const api = createClient<paths>({ baseUrl });
  const shown = await api.GET('/tasks/{id}', { params: { path: { id: 7 } } });
  const title: string | undefined = shown.data?.title;
  const owner: string | undefined = shown.data?.owner.name;
  const created = await api.POST('/tasks', { body: { title: 'Bake' } });
  const id: number | undefined = created.data?.id;
  const list = await api.GET('/tasks', { params: { query: { page: 2, tags: ['a', 'b'] } } });
  const first: string | undefined = list.data?.[0]?.title;
  const moved = await api.POST('/tasks/{id}/move', { params: { path: { id: 7 } }, body: { to: 'done' } });
  // @ts-expect-error An id is a number.
  const refused = await api.GET('/tasks/{id}', { params: { path: { id: 'x' } } });
  // @ts-expect-error A task needs a title.
  const invalid = await api.POST('/tasks', { body: {} });
  const added = await api.GET('/add', { params: { query: { x: 1, y: 2 } } });
  const text = await api.GET('/count', { params: { query: { to: 2 } }, parseAs: 'text' });
  const chunks: string | undefined = text.data;
  return [
    [title, owner],
    [created.response.status, id],
    first,
    moved.response.status,
    [refused.response.status, refused.error],
    [invalid.response.status, invalid.error],
    added.data,
    chunks,
  ];
}
