/** A login in a real browser: Chromium, the provider's page, the session that it leaves, and its end. */
import { CONFIG_OBJECTS } from '@tiphys/model';
import { keycloakShape, type OidcProviderServer, startBrowser, startOidcProvider } from '@tiphys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LoginApp, startLoginApp } from './testing/login-app.js';

let app: LoginApp;
let provider: OidcProviderServer;

beforeAll(async () => {
  app = await startLoginApp({ name: 'browser' });
  provider = await startOidcProvider({
    path: '/realms/acme',
    clients: [{ id: 'tiphys', secret: 's3cret', redirectUris: [`${app.url}/auth/callback`] }],
    users: { ann: { password: 'pw', claims: { sub: 'f3a1', email: 'ann@example.com', groups: ['/platform'] } } },
    shape: keycloakShape,
  });
  const config = {
    issuer: provider.issuer,
    clientID: 'tiphys',
    clientSecret: 's3cret',
    enablePKCEAuthentication: true,
  };
  await app.configure(CONFIG_OBJECTS.settings, { 'oidc.config': JSON.stringify(config) });
});

afterAll(async () => {
  await app?.stop();
  await provider?.stop();
});

it('a person logs in, sees who they are, and logs out', { timeout: 120_000 }, async () => {
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    const whoAmI = `${app.url}/api/v1/session/userinfo`;
    await page.goto(`${app.url}/auth/login?return_url=${encodeURIComponent(whoAmI)}`);
    expect(page.url().startsWith(`${provider.issuer}/interaction/`)).toBe(true);
    await page.fill('input[name=login]', 'ann');
    await page.fill('input[name=password]', 'pw');
    await page.click('button[type=submit]');
    await page.waitForURL(whoAmI);
    const shown = JSON.parse((await page.textContent('pre')) ?? '');
    const user = { loggedIn: true, username: 'ann@example.com', iss: provider.issuer, groups: ['/platform'] };
    expect(shown).toEqual(user);
    const cookies = await page.context().cookies(app.url);
    expect(cookies.filter(({ name }) => name.startsWith('argocd.'))).toMatchObject([
      { name: 'argocd.token', httpOnly: true, sameSite: 'Lax', path: '/' },
    ]);
    await page.goto(`${app.url}/auth/logout`);
    await page.goto(whoAmI);
    expect(JSON.parse((await page.textContent('pre')) ?? '')).toEqual({ loggedIn: false });
  } finally {
    await browser.close();
  }
});
