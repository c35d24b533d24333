import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Koa from 'koa';
import { Provider } from 'oidc-provider';
import { agent } from 'supertest';
import { type Serving, serve } from '../../lib/index.js';

/** What an application gets when it is registered at the provider. */
export interface Registered {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * Serves an app that is registered at a real provider of OpenID Connect on this machine, which takes any name and
 * password. Each has to know the other's port, so the provider begins when both listen.
 */
export async function withProvider<T>(
  makeApp: (registered: Registered) => Koa,
  use: (service: Serving, registered: Registered) => Promise<T>,
): Promise<T> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const registered = { issuer, clientId: 'pie', clientSecret: 'a secret of the application' };
  const service = await serve(makeApp(registered), { port: 0, host: '127.0.0.1', deadline: 0 });
  const speak = hush();
  server.on('request', providerOf(registered, `${service.url}/auth/callback`).callback());
  try {
    return await use(service, registered);
  } finally {
    speak();
    server.closeAllConnections();
    server.close();
    await service.close();
  }
}

/** The provider prints what is not to be done outside of tests. */
function hush(): () => void {
  const { info, warn } = console;
  const isOwn = (text: unknown) => String(text).startsWith('oidc-provider ');
  console.info = (...texts) => isOwn(texts[0]) || info(...texts);
  console.warn = (...texts) => isOwn(texts[0]) || warn(...texts);
  return () => Object.assign(console, { info, warn });
}

function providerOf({ issuer, clientId, clientSecret }: Registered, callback: string): Provider {
  return new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [callback],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    claims: { openid: ['sub'], profile: ['name'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, name: `${sub} of the pies` }) }),
    pkce: { required: () => true },
  });
}

/**
 * Does what a visitor does at the provider: gives a name, agrees, and is sent back.
 *
 * @returns The address to which the provider sends the visitor.
 */
export async function consent({ issuer }: Registered, address: string, login: string): Promise<string> {
  const visitor = agent(issuer);
  let at = address;
  while (at.startsWith(issuer)) {
    const { status, text, headers } = await visitor.get(at.slice(issuer.length));
    const [, prompt] = /name="prompt" value="(\w+)"/.exec(text) ?? [];
    if (status === 200 && prompt) {
      const [, action = ''] = /action="([^"]+)"/.exec(text) ?? [];
      const form = { prompt, login, password: 'any' };
      const answer = await visitor.post(new URL(action, issuer).pathname).type('form').send(form);
      at = new URL(answer.headers['location'] ?? '', issuer).href;
    } else if (headers['location']) at = new URL(headers['location'], issuer).href;
    else throw new Error(`The provider answered ${status}: ${text}`);
  }
  return at;
}
