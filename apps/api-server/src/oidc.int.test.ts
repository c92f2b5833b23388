/** Logins at a certified OpenID Connect provider that writes tokens as Keycloak does (F21, F25-F28, F31, S16). */
import { CONFIG_OBJECTS } from '@tiphys/model';
import { eventually, keycloakShape, type OidcProviderServer, startOidcProvider, walkLogin } from '@tiphys/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cookieHeader, type LoginApp, startLoginApp } from './testing/login-app.js';

const ANN = { login: 'ann', password: 'pw' };
const claims = { sub: 'f3a1', preferred_username: 'ann', email: 'ann@example.com', groups: ['/platform', '/readers'] };
/** So many groups that the token needs several cookies. */
const manyGroups = Array.from({ length: 250 }, (_, index) => `/org/department-${index}/team`);
let app: LoginApp;
let provider: OidcProviderServer;

const oidcConfig = (more: object = {}) =>
  JSON.stringify({
    ...{ name: 'Keycloak', issuer: provider.issuer, clientID: 'tiphys', cliClientID: 'tiphys-cli' },
    ...{ clientSecret: '$oidc.secret', requestedIDTokenClaims: { groups: { essential: true } }, ...more },
  });
const configure = (more: object = {}, data: Record<string, string> = {}) =>
  app.configure(CONFIG_OBJECTS.settings, { 'oidc.config': oidcConfig(more), ...data });
const whoAmI = async (headers: Record<string, string>) =>
  JSON.parse((await app.get('/api/v1/session/userinfo', headers)).body);
const loginLocation = async (query = '', headers: Record<string, string> = {}) => {
  const answer = await app.get(`/auth/login${query}`, headers);
  return { answer, location: new URL(answer.headers.get('location') ?? 'none:') };
};

beforeAll(async () => {
  app = await startLoginApp({ name: 'oidc' });
  const redirectUris = [app.url, app.url.replace('127.0.0.1', 'localhost')].map((url) => `${url}/auth/callback`);
  provider = await startOidcProvider({
    path: '/realms/acme',
    clients: [{ id: 'tiphys', secret: 's3cret', redirectUris }],
    users: {
      ann: { password: 'pw', claims },
      bob: { password: 'pw', claims: { sub: 'b0b', email: 'bob@example.com', groups: manyGroups } },
    },
    shape: keycloakShape,
    idTokenSeconds: 600,
  });
  await app.patchSecret({ 'oidc.secret': 's3cret' });
  await configure();
});

afterAll(async () => {
  await app?.stop();
  await provider?.stop();
});

describe('a login in the browser', () => {
  it('ends where it was to return to, with a session of the provider’s token', async () => {
    const { url, cookies } = await app.logIn(ANN, { return_url: `${app.url}/applications?view=tiles` });
    expect(url).toBe(`${app.url}/applications?view=tiles`);
    expect(cookies.has('argocd.oauthstate'), 'the state counts once').toBe(false);
    expect(decodeJwt(cookies.get('argocd.token') ?? '')).toMatchObject({ aud: ['tiphys', 'account'], azp: 'tiphys' });
    const user = { loggedIn: true, username: 'ann@example.com', iss: provider.issuer, groups: claims.groups };
    expect(await whoAmI(cookieHeader(cookies))).toEqual(user);
    // Lines are written behind the answers.
    const audited = () => app.server.auditLines().map((line) => JSON.parse(line));
    await eventually(() =>
      expect(audited().at(-1)).toMatchObject({
        ...{ operation: 'GET /auth/callback', object: '', result: { status: 303 }, security: 1 },
        user: { subject: 'f3a1', issuer: provider.issuer, groups: 2 },
      }),
    );
  });

  it('asks with PKCE, state and nonce that differ each time, kept in a cookie that scripts and other sites do not get', async () => {
    const [first, second] = [await loginLocation(), await loginLocation()];
    expect(Object.fromEntries(first.location.searchParams)).toEqual({
      ...{ client_id: 'tiphys', response_type: 'code', scope: 'openid profile email groups' },
      ...{ redirect_uri: `${app.url}/auth/callback`, claims: '{"id_token":{"groups":{"essential":true}}}' },
      ...{ code_challenge_method: 'S256', code_challenge: expect.stringMatching(/^[\w-]{43}$/) },
      ...{ state: expect.stringMatching(/^[\w-]{43}$/), nonce: expect.stringMatching(/^[\w-]{43}$/) },
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(first.location.searchParams.get(name)).not.toBe(second.location.searchParams.get(name));
    }
    const cookie = first.answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^argocd\.oauthstate=[\w-]+; Max-Age=300; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(cookie).not.toContain(first.location.searchParams.get('state'));
  });

  it('comes back to the address that it began at (additionalUrls), and to no other host', async () => {
    const other = app.url.replace('127.0.0.1', 'localhost');
    await configure({}, { additionalUrls: `["${other}"]` });
    const answer = await fetch(`${other}/auth/login`, { redirect: 'manual' });
    const { searchParams } = new URL(answer.headers.get('location') ?? '');
    expect(searchParams.get('redirect_uri')).toBe(`${other}/auth/callback`);
    const until = (url: string) => url === `${other}/`;
    const { cookies } = await walkLogin({ start: `${other}/auth/login`, until, form: ANN });
    expect(cookies.get('argocd.token')).toMatch(/^eyJ/);
    const forged = await app.server.app.inject({ url: '/auth/login', headers: { host: 'evil.example.com' } });
    expect(new URL(String(forged.headers['location'])).searchParams.get('redirect_uri')).toBe(
      `${app.url}/auth/callback`,
    );
    await configure();
  });

  it.each(['https://evil.example.com/', '//evil.example.com', '/applications', 'javascript:alert(1)'])(
    'is refused when it was to return to %s: no open redirect',
    async (target) => {
      const { answer } = await loginLocation(`?return_url=${encodeURIComponent(target)}`);
      expect(answer.status).toBe(400);
      expect(answer.headers.get('location')).toBeNull();
    },
  );
});

describe('an answer of the provider that does not belong to a login of this browser (S16)', () => {
  const begin = async () => {
    const { answer, location } = await loginLocation();
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const { url } = await walkLogin({ start: location.href, until: `${app.url}/auth/callback`, form: ANN });
    return { cookie, path: url.slice(app.url.length) };
  };

  it('without the cookie, with that of another login, a second time, with an error', async () => {
    const [mine, theirs] = [await begin(), await begin()];
    const attempts: [string, string, string][] = [
      [mine.path, '', 'not begun in this browser'],
      [mine.path, 'argocd.oauthstate=AAAA', 'not begun in this browser'],
      [mine.path, theirs.cookie, 'cannot be finished'],
      ['/auth/callback?error=access_denied&error_description=no%20%3Cb%3E', mine.cookie, 'cannot be finished'],
      [mine.path.replace(/state=[^&]*/, 'state=x'), mine.cookie, 'cannot be finished'],
      [mine.path.replace(/code=[^&]*/, 'code=x'), mine.cookie, 'invalid_grant'],
    ];
    for (const [path, cookie, reason] of attempts) {
      const answer = await app.get(path, { cookie });
      expect([answer.status, answer.body]).toEqual([400, expect.stringContaining(reason)]);
      expect(answer.headers.get('set-cookie')).not.toContain('argocd.token');
      expect(answer.headers.get('content-type')).toContain('application/json');
    }
    expect((await app.get(mine.path, { cookie: mine.cookie })).status).toBe(303);
    expect((await app.get(mine.path, { cookie: mine.cookie })).body, 'the code was used').toContain('invalid_grant');
  });

  it('an error that the provider sends with the right state is told', async () => {
    const { answer, location } = await loginLocation();
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const query = new URLSearchParams({
      ...{ error: 'access_denied', error_description: 'not you', state: location.searchParams.get('state') ?? '' },
      iss: provider.issuer,
    });
    const refused = await app.get(`/auth/callback?${query}`, { cookie });
    expect([refused.status, refused.body]).toEqual([400, expect.stringContaining('access_denied: not you')]);
  });
});

describe('a session of the provider', () => {
  it('is kept in as many cookies as the token needs, and read from them (F21)', async () => {
    const { cookies } = await app.logIn({ ...ANN, login: 'bob' });
    const names = [...cookies.keys()].filter((name) => name.startsWith('argocd.token'));
    expect(names).toEqual(['argocd.token', 'argocd.token-1', 'argocd.token-2']);
    expect(cookies.get('argocd.token')).toMatch(/^3:eyJ/);
    expect((await whoAmI(cookieHeader(cookies))).groups).toEqual(manyGroups);
    const incomplete = new Map([...cookies].filter(([name]) => name !== 'argocd.token-1'));
    expect((await app.get('/api/v1/applications', cookieHeader(incomplete))).status).toBe(401);
  });

  it('has the permissions of its groups (scopes of argocd-rbac-cm), by the name of the subject that Dex tells (F31)', async () => {
    const { cookies } = await app.logIn(ANN);
    const headers = cookieHeader(cookies);
    const projects = async (token: Record<string, string>) =>
      JSON.parse((await app.get('/api/v1/projects', token)).body).items?.length ?? 0;
    expect(await projects(headers)).toBe(0);
    await app.configure(CONFIG_OBJECTS.rbac, { 'policy.csv': 'g, /platform, role:readonly' });
    expect(await projects(headers)).toBe(1);
    await app.configure(CONFIG_OBJECTS.rbac, { 'policy.csv': 'g, ann@example.com, role:readonly', scopes: '[email]' });
    expect(await projects(headers)).toBe(1);
    await app.configure(CONFIG_OBJECTS.rbac, { 'policy.csv': 'g, ldap-ann, role:readonly' });
    expect(await projects(headers)).toBe(0);
    const now = Math.floor(Date.now() / 1000);
    const base = { iss: provider.issuer, sub: 'f3a1', aud: 'tiphys', iat: now, exp: now + 60 };
    const federated = { federated_claims: { connector_id: 'ldap', user_id: 'ldap-ann' } };
    const token = await provider.sign({ ...base, ...federated });
    expect(await projects({ authorization: `Bearer ${token}` })).toBe(1);
    const reserved = await provider.sign({ ...base, sub: 'role:admin' });
    expect((await app.get('/api/v1/projects', { authorization: `Bearer ${reserved}` })).status).toBe(401);
  });

  it('may also be a token that the command line got for its own client', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = await provider.sign({ iss: provider.issuer, sub: 'x', aud: 'tiphys-cli', iat: now, exp: now + 60 });
    expect(await whoAmI({ authorization: `Bearer ${token}` })).toMatchObject({ loggedIn: true, username: 'x' });
  });

  it('ends everywhere with a logout, which leads to the provider’s own (logoutURL)', async () => {
    const logoutURL = `${provider.issuer}/session/end?id_token_hint={{token}}&post_logout_redirect_uri={{logoutRedirectURL}}`;
    await configure({ logoutURL });
    const { cookies } = await app.logIn(ANN);
    const headers = cookieHeader(cookies);
    const answer = await app.get('/auth/logout', headers);
    expect(answer.status).toBe(303);
    const location = new URL(answer.headers.get('location') ?? '');
    expect(location.href.startsWith(`${provider.issuer}/session/end?`)).toBe(true);
    expect(Object.fromEntries(location.searchParams)).toEqual({
      ...{ id_token_hint: cookies.get('argocd.token'), post_logout_redirect_uri: app.url },
    });
    expect(answer.headers.get('set-cookie')).toMatch(/^argocd\.token=; /);
    expect((await app.get('/api/v1/applications', headers)).status).toBe(401);
    expect((await app.get('/auth/logout', {})).status).toBe(400);
    await configure();
  });
});

describe('renewal (F26)', () => {
  it('a token that ends within the threshold is replaced by a new one; requests under way get the same', async () => {
    await configure({ refreshTokenThreshold: '599s' });
    const { cookies } = await app.logIn(ANN);
    const headers = cookieHeader(cookies);
    const renewed = async () => {
      const answer = await app.get('/api/v1/session/userinfo', headers);
      return /argocd\.token=([^;]+);/.exec(answer.headers.get('set-cookie') ?? '')?.[1];
    };
    const refreshes = () => provider.requests.filter((request) => request === 'POST /realms/acme/token').length;
    const old = decodeJwt(cookies.get('argocd.token') ?? '');
    await expect.poll(renewed, { timeout: 10_000 }).toBeDefined();
    const before = refreshes();
    const [one, two] = await Promise.all([renewed(), renewed()]);
    expect(refreshes(), 'nobody asks the provider again').toBe(before);
    expect(one).toBe(two);
    const fresh = decodeJwt(one ?? '');
    expect(fresh).toMatchObject({ sub: 'f3a1', iss: provider.issuer });
    expect(fresh.exp ?? 0).toBeGreaterThan(old.exp ?? 0);
    await app.get('/auth/logout', headers);
    const ended = await app.get('/api/v1/applications', { authorization: `Bearer ${one}` });
    expect(ended.status, 'a logout with the old token ends the new one, too').toBe(401);
    await configure();
  });
});

describe('groups that only the user info endpoint tells (F27)', () => {
  let silent: OidcProviderServer;
  const asked = () => silent.requests.filter((request) => request === 'GET /me').length;

  beforeAll(async () => {
    silent = await startOidcProvider({
      clients: [{ id: 'tiphys', secret: 's3cret', redirectUris: [`${app.url}/auth/callback`] }],
      users: { ann: { password: 'pw', claims } },
      userInfoOnly: ['groups'],
    });
    await configure({ issuer: silent.issuer, enableUserInfoGroups: true, userInfoPath: '/me' });
  });

  afterAll(async () => {
    await silent?.stop();
    await configure();
  });

  it('are asked for once, kept as long as the session, and asked for again with the next login', async () => {
    const first = cookieHeader((await app.logIn(ANN)).cookies);
    expect((await whoAmI(first)).groups).toEqual(claims.groups);
    expect((await whoAmI(first)).groups).toEqual(claims.groups);
    expect(asked()).toBe(1);
    silent.setUser('ann', { password: 'pw', claims: { ...claims, groups: ['/left'] } });
    expect((await whoAmI(first)).groups).toEqual(claims.groups);
    const second = cookieHeader((await app.logIn(ANN)).cookies);
    expect((await whoAmI(second)).groups).toEqual(['/left']);
    expect(asked()).toBe(2);
  });

  it('a token of somebody who never logged in here is refused with the reason', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = await silent.sign({ iss: silent.issuer, sub: 'new', aud: 'tiphys', iat: now, exp: now + 60 });
    const answer = await app.get('/api/v1/projects', { authorization: `Bearer ${token}` });
    expect([answer.status, answer.body]).toEqual([401, expect.stringContaining('log in again in the browser')]);
  });
});

describe('what everybody may know of it (N14)', () => {
  it('is shown to the login page and the command line, without any secret (S21, CVE-2024-37152)', async () => {
    const { body } = await app.get('/api/v1/settings', {});
    expect(JSON.parse(body)).toMatchObject({
      ...{ url: app.url, userLoginsDisabled: false },
      oidcConfig: {
        ...{ name: 'Keycloak', issuer: provider.issuer, clientID: 'tiphys', cliClientID: 'tiphys-cli' },
        ...{ scopes: ['openid', 'profile', 'email', 'groups'], enablePKCEAuthentication: false },
        idTokenClaims: { groups: { essential: true } },
      },
    });
    expect(body).not.toContain('s3cret');
    expect(body).not.toContain('oidc.secret');
  });
});
