/** Device logins that are confirmed after single sign-on at a certified OpenID Connect provider (RFC 8628, F25). */
import { CONFIG_OBJECTS } from '@tiphys/model';
import { keycloakShape, type OidcProviderServer, startOidcProvider } from '@tiphys/testing';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cookieHeader, type LoginApp, startLoginApp } from './testing/login-app.js';

const ANN = { login: 'ann', password: 'pw' };
const EMAIL = 'ann@example.com';
let app: LoginApp;
let provider: OidcProviderServer;

const configure = (data: Record<string, string> = {}) => {
  const { issuer } = provider;
  const oidc = JSON.stringify({ name: 'SSO', issuer, clientID: 'tiphys', clientSecret: 's3cret' });
  return app.configure(CONFIG_OBJECTS.settings, { 'oidc.config': oidc, ...data });
};
const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
  const answer = await fetch(`${app.url}${path}`, {
    ...{ method: 'POST', body: JSON.stringify(body) },
    headers: { 'content-type': 'application/json', ...headers },
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, string> };
};
const whoAmI = async (token: string) =>
  JSON.parse((await app.get('/api/v1/session/userinfo', { authorization: `Bearer ${token}` })).body);
const decide = (user_code: string | undefined, headers: Record<string, string>) =>
  post('/api/v1/session/device/decision', { user_code, decision: 'confirm' }, { origin: app.url, ...headers });

/** As a person does it: from the page to the provider, back to the page, and confirm. */
async function confirmedLogin() {
  const { json: started } = await post('/api/v1/session/device', { client_name: 'cli' });
  const address = new URL(started['verification_uri_complete'] ?? '');
  const first = await app.get(`${address.pathname}${address.search}`, {});
  const [, link = ''] = /href="([^"]*\/auth\/login[^"]*)"/.exec(first.body) ?? [];
  const back = new URL(link.replaceAll('&#38;', '&'), app.url).searchParams.get('return_url') ?? '';
  const { url, cookies } = await app.logIn(ANN, { return_url: back });
  const browser = cookieHeader(cookies);
  const page = await app.get(url.slice(app.url.length), browser);
  expect(page.body).toContain(`logged in as <strong>${EMAIL}</strong>`);
  expect((await decide(started['user_code'], browser)).status).toBe(200);
  const answer = await post('/api/v1/session/device/token', { device_code: started['device_code'] });
  expect(answer.status).toBe(200);
  const token = answer.json['access_token'] ?? '';
  return { token, expiresIn: Number(answer.json['expires_in']), browser, session: cookies.get('argocd.token') ?? '' };
}

beforeAll(async () => {
  app = await startLoginApp({ name: 'device-sso' });
  provider = await startOidcProvider({
    clients: [{ id: 'tiphys', secret: 's3cret', redirectUris: [`${app.url}/auth/callback`] }],
    users: { ann: { password: 'pw', claims: { sub: 'f3a1', email: EMAIL, groups: ['/platform'] } } },
    shape: keycloakShape,
    idTokenSeconds: 600,
  });
  await configure();
});

afterAll(async () => {
  await app?.stop();
  await provider?.stop();
});

describe('a device login after single sign-on', () => {
  it('is the person with the groups, and ends when the session that confirmed it does', async () => {
    const { token, expiresIn, session } = await confirmedLogin();
    const user = { loggedIn: true, username: EMAIL, iss: provider.issuer, groups: ['/platform'] };
    expect(await whoAmI(token)).toEqual(user);
    expect(decodeJwt(token)).toMatchObject({ iss: 'tiphys', exp: decodeJwt(session).exp });
    expect(expiresIn).toBeLessThanOrEqual(600);
  });

  it('cannot confirm another one, which would outlive the provider’s session', async () => {
    const { token } = await confirmedLogin();
    const { json: started } = await post('/api/v1/session/device', {});
    const answer = await decide(started['user_code'], { authorization: `Bearer ${token}` });
    expect([answer.status, answer.json['message']]).toEqual([403, expect.stringMatching(/device logins cannot/)]);
  });

  it('ends with the logout of the session that confirmed it, or with its own', async () => {
    const [first, second] = [await confirmedLogin(), await confirmedLogin()];
    const logOut = (headers: Record<string, string>) =>
      fetch(`${app.url}/api/v1/session`, {
        ...{ method: 'DELETE', headers: { 'content-type': 'application/json', ...headers } },
      });
    await logOut({ authorization: `Bearer ${first.token}` });
    expect([(await whoAmI(first.token)).loggedIn, (await whoAmI(second.token)).loggedIn]).toEqual([false, true]);
    await logOut({ origin: app.url, ...second.browser });
    expect(await whoAmI(second.token)).toEqual({ loggedIn: false });
  });

  it('ends when nobody logs in at that provider any more', async () => {
    const { token } = await confirmedLogin();
    await app.configure(CONFIG_OBJECTS.settings, {});
    const answer = await app.get('/api/v1/applications', { authorization: `Bearer ${token}` });
    expect([answer.status, JSON.parse(answer.body).message]).toEqual([
      ...[401, `nobody logs in at ${provider.issuer} any more; log in again`],
    ]);
    await configure();
    expect((await whoAmI(token)).loggedIn).toBe(true);
  });
});
