/**
 * Requests that nobody thought of, made by Schemathesis from our OpenAPI document, against a whole installation (S14): no
 * answer is a server error, and every answer is what its schema says. `npm run fuzz:api` runs it for longer.
 */
import { fuzz } from '@tiphys/testing';
import { beforeAll, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const minutes = Number(process.env['TIPHYS_FUZZ_MINUTES'] ?? 0);
const seconds = minutes > 0 ? minutes * 60 : 30;
/** A failure comes back with its seed. */
const seed = Number(process.env['TIPHYS_FUZZ_SEED'] ?? 6);

const site = useSite('fuzz');
let app: App;

beforeAll(async () => {
  app = await deploy(site(), { files: { 'a.yaml': yaml(configMap('settings', { a: 'b' })) } });
  await app.is('Synced', 'Healthy');
});

it(
  `no server error in ${seconds} s of Schemathesis, seed ${seed}`,
  async () => {
    const { installation, api } = site();
    const login = { username: 'admin', password: installation.adminPassword };
    const { token } = await api.post<{ token: string }>('/api/v1/session', login);
    const pids = installation.pids;
    const result = await fuzz({
      ...{ schemaUrl: `${installation.apiUrl}/api/openapi.json`, token, seconds, seed },
      // They do not end.
      excludedPaths: ['^/api/v1/stream/'],
      // The session is still needed.
      excludedOperations: ['SessionService_Delete'],
      known: { name: app.name, project: 'default' },
    });
    const summary = `${result.requests} test cases, ${result.operations} operations`;
    console.log(`schemathesis: ${summary}`);
    expect(result.passed, result.output).toBe(true);
    // How many depends on the machine.
    expect(result.operations, result.output).toBeGreaterThan(0);
    expect(installation.pids).toEqual(pids);
    expect((await api.call('GET', `/api/v1/applications/${app.name}`)).status).toBe(200);
  },
  (seconds + 120) * 1_000,
);
