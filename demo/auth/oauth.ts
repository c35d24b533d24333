import * as oidc from 'openid-client';

/** What a provider gave when this application was registered there. */
export interface Registration {
  /** Its address, below which its discovery document lies. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A log-in that was begun, which the visitor's session remembers until the provider sends the visitor back. */
export interface Attempt {
  readonly state: string;
  readonly verifier: string;
}

/** Who was logged in. */
export interface User {
  readonly id: string;
  readonly name: string;
}

/** The provider's part of OAuth 2.0 and OpenID Connect: an authorization code with state and PKCE. */
export class Provider {
  readonly #registration: Registration;
  #discovery: Promise<oidc.Configuration> | undefined;

  constructor(registration: Registration) {
    this.#registration = registration;
  }

  begin(): Attempt {
    return { state: oidc.randomState(), verifier: oidc.randomPKCECodeVerifier() };
  }

  /** Where to send the visitor, who comes back to the address given. */
  async address(callback: string, { state, verifier }: Attempt): Promise<string> {
    const challenge = await oidc.calculatePKCECodeChallenge(verifier);
    const address = oidc.buildAuthorizationUrl(await this.#discover(), {
      redirect_uri: callback,
      scope: 'openid profile',
      state,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    });
    return address.href;
  }

  /** Who came back, by the code in the address; the library checks the state, the code and the token's signature. */
  async finish(address: URL, { state, verifier }: Attempt): Promise<User> {
    const checks = { expectedState: state, pkceCodeVerifier: verifier, idTokenExpected: true };
    const tokens = await oidc.authorizationCodeGrant(await this.#discover(), address, checks);
    const claims = tokens.claims();
    if (!claims) throw new Error('The provider gave no ID token');
    const { sub, name } = claims;
    return { id: sub, name: typeof name === 'string' ? name : sub };
  }

  /** At the first log-in, so that the application starts without the provider. A failure is not kept. */
  #discover(): Promise<oidc.Configuration> {
    this.#discovery ??= discover(this.#registration).catch((error) => {
      this.#discovery = undefined;
      throw error;
    });
    return this.#discovery;
  }
}

function discover({ issuer, clientId, clientSecret }: Registration): Promise<oidc.Configuration> {
  const address = new URL(issuer);
  // Without TLS only a provider on this machine can be trusted.
  const isLocal = address.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(address.hostname);
  const execute = isLocal ? [oidc.allowInsecureRequests] : [];
  return oidc.discovery(address, clientId, clientSecret, undefined, { execute });
}

/** What to tell a visitor whose log-in failed; undefined where it is not the visitor's to mend. */
export function refusalOf(error: Error): string | undefined {
  if (error instanceof oidc.AuthorizationResponseError) return error.error_description ?? error.error;
  if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant')
    return 'The code is used up or too old';
  if (error instanceof oidc.ClientError && error.code === 'OAUTH_INVALID_RESPONSE')
    return 'This is not the answer to the log-in that was begun here';
  return undefined;
}
