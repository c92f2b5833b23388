/** What is behind the HTTP server of the OpenID Connect provider: clients, users, keys and the login page. */
/// <reference path="./oidc-provider-package.d.ts" />
import { createHash, createPublicKey, generateKeyPairSync, type JsonWebKey, randomUUID, sign } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import Provider from 'oidc-provider';

export interface OidcClient {
  readonly id: string;
  /** Absent: a public client. */
  readonly secret?: string;
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris?: readonly string[];
}

export interface OidcUser {
  readonly password: string;
  /** `sub` and whatever else the provider knows. */
  readonly claims: Readonly<Record<string, unknown>> & { readonly sub: string };
}

export interface OidcCoreOptions {
  readonly issuer: string;
  readonly clients: readonly OidcClient[];
  /** By the name that they log in with. */
  readonly users: Readonly<Record<string, OidcUser>>;
  /** Lifetime of ID tokens; default an hour. */
  readonly idTokenSeconds?: number;
  /** What becomes of the claims of an ID token before it is signed: the dialect of a product. */
  readonly shape?: (claims: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
  /** Claims that only the user info endpoint tells. */
  readonly userInfoOnly?: readonly string[];
}

export interface OidcCore {
  readonly publicKeyPem: string;
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  sign(claims: Readonly<Record<string, unknown>>, header?: Readonly<Record<string, string>>): Promise<string>;
}

type LiveUsers = ReadonlyMap<string, OidcUser>;

/** With a new signing key each time. */
export async function createOidcCore(
  options: Omit<OidcCoreOptions, 'users'> & { users: LiveUsers },
): Promise<OidcCore> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = randomUUID();
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
  const signToken = async (claims: object, header: object = {}): Promise<string> => {
    const input = [{ alg: 'RS256', typ: 'JWT', kid, ...header }, claims].map(encode).join('.');
    return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
  };
  const provider = new Provider(options.issuer, configuration(options, jwk));
  const { prototype } = provider.IdToken;
  const issue = prototype.issue;
  prototype.issue = async function issueShaped(use) {
    const token = await issue.call(this, use);
    if (use.use !== 'idtoken') return token;
    const claims = decode(token);
    for (const name of options.userInfoOnly ?? []) delete claims[name];
    return signToken(options.shape?.(claims) ?? claims);
  };
  const callback = provider.callback();
  return {
    publicKeyPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    sign: signToken,
    handle: async (request, response) => {
      if (!(request.url ?? '').startsWith('/interaction/')) await callback(request, response);
      else await interact(provider, options.users, { request, response });
    },
  };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

function configuration(
  options: Omit<OidcCoreOptions, 'users'> & { users: LiveUsers },
  jwk: JsonWebKey,
): object & Record<string, unknown> {
  const { issuer, users, clients, idTokenSeconds = 3_600 } = options;
  const account = (sub: string) => [...users.values()].find(({ claims }) => claims.sub === sub);
  const names = new Set([...users.values()].flatMap(({ claims }) => Object.keys(claims)));
  names.delete('sub');
  return {
    jwks: { keys: [jwk] },
    cookies: { keys: [createHash('sha256').update(issuer).digest('hex')] },
    clients: clients.map((client) => clientMetadata(client)),
    // Every scope tells everything: what a product puts where is the business of `shape`.
    claims: { openid: ['sub'], profile: [...names], email: [], groups: [] },
    scopes: ['openid', 'offline_access', 'profile', 'email', 'groups'],
    conformIdTokenClaims: false,
    features: {
      ...{ devInteractions: { enabled: false }, revocation: { enabled: true }, deviceFlow: { enabled: true } },
      claimsParameter: { enabled: true },
    },
    ttl: {
      IdToken: idTokenSeconds,
      AccessToken: 3_600,
      RefreshToken: 86_400,
      Session: 3_600,
      Grant: 86_400,
      Interaction: 600,
    },
    findAccount: (_: unknown, sub: string) => {
      const user = account(sub);
      return user && { accountId: sub, claims: () => user.claims };
    },
    interactions: {
      url: (_: unknown, { uid }: { uid: string }) =>
        `${new URL(issuer).pathname.replace(/\/$/, '')}/interaction/${uid}`,
    },
    issueRefreshToken: () => true,
    loadExistingGrant,
    pkce: { required: () => false },
    renderError: (ctx: { body: unknown }, out: { error: string; error_description?: string }) => {
      ctx.body = `${out.error}: ${out.error_description ?? ''}`;
    },
  };
}

function clientMetadata({ id, secret, redirectUris, postLogoutRedirectUris = [] }: OidcClient): object {
  return {
    ...{ client_id: id, redirect_uris: redirectUris, post_logout_redirect_uris: postLogoutRedirectUris },
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
    ...(secret === undefined
      ? { token_endpoint_auth_method: 'none' }
      : { client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' }),
  };
}

interface GrantContext {
  readonly oidc: {
    readonly provider: Provider;
    readonly client: { readonly clientId: string };
    readonly session: { readonly accountId: string };
    readonly params: { readonly scope?: string };
  };
}

/** Nobody is asked for consent. */
async function loadExistingGrant({ oidc }: GrantContext): Promise<unknown> {
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
  grant.addOIDCScope(oidc.params.scope ?? 'openid');
  grant.addOIDCClaims(['groups', 'email']);
  await grant.save();
  return grant;
}

const LOGIN_PAGE = `<!doctype html><title>Sign in</title><form method="post">
<input name="login" placeholder="user"><input name="password" type="password"><button type="submit">Sign in</button></form>`;

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function interact(provider: Provider, users: LiveUsers, { request, response }: Exchange): Promise<void> {
  const form = request.method === 'POST' ? new URLSearchParams(await textOf(request)) : undefined;
  const user = users.get(form?.get('login') ?? '');
  if (form === undefined || user === undefined || user.password !== form.get('password')) {
    response.writeHead(form === undefined ? 200 : 401, { 'content-type': 'text/html' }).end(LOGIN_PAGE);
    return;
  }
  await provider.interactionFinished(request, response, { login: { accountId: user.claims.sub } });
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
