/** What processes tell each other. */
export type News =
  | { readonly kind: 'said'; readonly room: string; readonly name: string; readonly text: string }
  /** Who is in a room, as one process knows them. */
  | { readonly kind: 'here'; readonly room: string; readonly from: string; readonly names: readonly string[] }
  /** A process that has just begun wants to know who is there. */
  | { readonly kind: 'ask' };

/** Connects a listener to all processes, this one included, and gives the function that tells them something. */
export type Connect = (listen: (news: News) => void) => (news: News) => void;

/** Alone in one process. */
export const alone: Connect = (listen) => listen;

const CHANNEL = 'koa-micropie-demo:chat';

/** Joins processes by Redis: one connection publishes, another one listens. */
export function redisBus(url: string): Connect {
  return (listen) => {
    const opening = open(url, listen);
    opening.catch((error) => console.error(`The chat can't reach Redis: ${error}`));
    return async (news) => {
      const client = await opening.catch(() => undefined);
      await client?.publish(CHANNEL, JSON.stringify(news)).catch(() => {});
    };
  };
}

async function open(url: string, listen: (news: News) => void) {
  const { createClient } = await import('redis');
  const client = createClient({ url });
  const listener = client.duplicate();
  for (const one of [client, listener]) one.on('error', () => {});
  await Promise.all([client.connect(), listener.connect()]);
  await listener.subscribe(CHANNEL, (text) => listen(JSON.parse(text)));
  for (const one of [client, listener]) one.unref();
  return client;
}
