/** Login throttling by its settings (F22) and what a guesser may learn (S18), on a real Redis. */
import { CONFIG_OBJECTS } from '@tiphys/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { configOptions, configSchema } from './config.js';
import { type LoginApp, startLoginApp } from './testing/login-app.js';
import type { TestApp } from './testing/test-app.js';

let app: LoginApp;

beforeAll(async () => {
  app = await startLoginApp({
    name: 'throttle',
    config: { sessionFailureMaxFailCount: '3', sessionFailureWindowSeconds: '3600' },
  });
  await app.configure(CONFIG_OBJECTS.settings, { 'accounts.bob': 'login', 'accounts.eve': 'login' });
});

afterAll(() => app?.stop());

async function attempt(server: TestApp, username: string) {
  const payload = { username, password: 'wrong' };
  const begun = performance.now();
  const { statusCode, body, headers } = await server.app.inject({ method: 'POST', url: '/api/v1/session', payload });
  return { status: statusCode, body, retryAfter: Number(headers['retry-after']), ms: performance.now() - begun };
}

describe('failed logins', () => {
  it('an account and a name that does not exist get the same answer after the same work (S18)', async () => {
    const answers = { known: [] as number[], unknown: [] as number[] };
    const bodies = new Set<string>();
    for (const name of ['nobody-1', 'nobody-2']) {
      const [known, unknown] = [await attempt(app.server, 'eve'), await attempt(app.server, name)];
      expect([known.status, unknown.status]).toEqual([401, 401]);
      bodies.add(known.body).add(unknown.body);
      answers.known.push(known.ms);
      answers.unknown.push(unknown.ms);
    }
    expect(bodies.size).toBe(1);
    // Without the work of a password's hash an answer takes a fraction of this time.
    const ratio = Math.min(...answers.unknown) / Math.min(...answers.known);
    expect(ratio).toBeGreaterThan(0.2);
    expect(ratio).toBeLessThan(5);
  });

  it('after as many as the setting says the name must wait as long as it says; another replica and a restart know it', async () => {
    for (const status of [401, 401, 401, 429]) expect((await attempt(app.server, 'bob')).status).toBe(status);
    const replica = await app.startReplica();
    try {
      const { status, retryAfter } = await attempt(replica, 'bob');
      expect(status).toBe(429);
      expect(retryAfter).toBeGreaterThan(3_000);
      expect((await attempt(replica, 'eve')).status, 'other names need not wait').toBe(401);
    } finally {
      await replica.stop();
    }
  });

  it('made-up names cannot push out the counter of an account (CVE-2024-21662)', async () => {
    for (let index = 0; index < 20; index += 1) await attempt(app.server, `made-up-${index}`);
    expect((await attempt(app.server, 'bob')).status).toBe(429);
  });
});

it('the settings have the names and defaults of Argo CD', () => {
  const { shape } = configSchema;
  expect(shape.sessionFailureMaxFailCount.parse(undefined)).toBe(5);
  expect(shape.sessionFailureWindowSeconds.parse(undefined)).toBe(300);
  expect(shape.maxConcurrentLoginRequestsCount.parse(undefined)).toBe(50);
  expect(configOptions.aliases).toMatchObject({
    sessionFailureMaxFailCount: ['ARGOCD_SESSION_FAILURE_MAX_FAIL_COUNT'],
    sessionFailureWindowSeconds: ['ARGOCD_SESSION_FAILURE_WINDOW_SECONDS'],
    maxConcurrentLoginRequestsCount: ['ARGOCD_MAX_CONCURRENT_LOGIN_REQUESTS_COUNT'],
  });
});
