/**
 * Requests that try to get secrets out (S21, S22): every operation by a project role, Secrets patched so that the API server
 * complains, bodies that are no JSON. What was answered is searched by canary-search.ts, with all that the other suites asked.
 */
import { describe, expect, it } from 'vitest';
import { type CaseTable, isRefusal, successOf } from './case.js';
import { type Input, operations, urlOf } from './operations.js';
import type { CallerName, World } from './world.js';

/** They answer 5xx to nobody. */
const SERVER_ERROR = 500;
const SSO_ABSENT = 503;

export function describeCanaryProbes(cases: CaseTable, world: () => World): void {
  const ask = async (operationId: string, input: Input, caller: CallerName) => {
    const { client, callers } = world();
    const route = operations.get(operationId);
    if (route === undefined) throw new Error(`the contract has no ${operationId}`);
    if (route.stream === true) return client.stream(route, input, { caller: callers[caller], count: 1 });
    return client.call(route, input, callers[caller]);
  };

  describe('secrets are asked for (S21)', () => {
    it('every operation is asked by a project role, with good and with bad input', async () => {
      for (const [id, own] of Object.entries(cases)) {
        const inputs = [successOf(own), ...[own.missing, own.invalid].filter(isRefusal).map(({ input }) => input)];
        for (const input of inputs) {
          const { status, text } = await ask(id, await input(world()), 'role');
          expect(status, `${id}: ${text}`).toBeLessThan(SERVER_ERROR);
        }
      }
    });

    it('every stream is read as server-sent events too', async () => {
      const { client, callers } = world();
      for (const route of [...operations.values()].filter(({ stream }) => stream === true)) {
        const own = cases[route.operationId];
        const input = own === undefined ? {} : await successOf(own)(world());
        const options = { caller: callers.admin, count: 1, accept: 'text/event-stream' };
        expect((await client.stream(route, input, options)).text).toContain('data: ');
      }
    });

    it.each(SECRET_PATCHES)('a patch of a Secret that %s', async (_, patchType, patch) => {
      const { target } = world();
      const query = { namespace: target, version: 'v1', group: '', kind: 'Secret', resourceName: 'login', patchType };
      for (const caller of ['admin', 'role'] as const) {
        const input = { params: { name: 'shop' }, query, body: JSON.stringify(patch) };
        const { status, text } = await ask('ApplicationService_PatchResource', input, caller);
        expect(status, text).toBeLessThan(SERVER_ERROR);
      }
    });

    it('what is no JSON is not repeated', async () => {
      const { client, callers, canaries } = world();
      const writes = [...operations.values()].filter(({ schemas }) => schemas.body !== undefined);
      for (const route of writes) {
        for (const body of brokenBodies(canaries.plant(`secret in a broken body of ${route.operationId}`))) {
          const { name: who, token } = callers.admin;
          const request = { method: route.method, url: urlOf(route, { params: {} }), body };
          const { status } = await client.raw({ who, what: route.operationId, token, ...request });
          expect([400, 403, 404, 413, 429]).toContain(status);
        }
      }
    });

    it.each(OUTSIDE)('%s', async (url) => {
      const { client, callers } = world();
      for (const caller of [callers.admin, callers.anonymous]) {
        const request = { who: caller.name, what: url, token: caller.token, method: 'GET', url };
        const { status, text } = await client.raw(request);
        // The provider of single sign-on is not there.
        expect(status === SSO_ABSENT || status < SERVER_ERROR, text).toBe(true);
      }
    });

    it('every operation was asked by admin and by the role, and answered both well and not', () => {
      const seen = (who: string) =>
        new Set(world().client.recorded.flatMap((one) => (one.who === who ? one.what : [])));
      const succeeded = new Set(world().client.recorded.flatMap(({ what, status }) => (status === 200 ? what : [])));
      const ids = [...operations.keys()];
      expect(ids.filter((id) => !seen('admin').has(id) && cases[id]?.as === undefined)).toEqual([]);
      expect(ids.filter((id) => !seen('role').has(id))).toEqual([]);
      expect(ids.filter((id) => !succeeded.has(id) && typeof cases[id]?.success === 'function')).toEqual([]);
      expect(world().canaries.names.length).toBeGreaterThan(40);
    });
  });
}

/** Name, type of the patch, patch: the API server would repeat the values in its complaint, or show them elsewhere. */
const SECRET_PATCHES: readonly (readonly [string, string, unknown])[] = [
  ['has a number as value', 'merge', { data: { password: 1 } }],
  ['has a text in place of the map', 'merge', { data: 'text' }],
  ['is no base64', 'merge', { data: { other: 'not base64!' } }],
  ['has a label that is none', 'merge', { metadata: { labels: { 'a b': 'c d' } } }],
  ['changes the type', 'merge', { type: 'kubernetes.io/tls' }],
  ['is strategic and has a list as value', 'strategic', { data: { password: ['x'] } }],
  ['changes nothing', 'merge', { metadata: { annotations: { seen: 'yes' } } }],
  ['copies the value', 'json', [{ op: 'copy', from: '/data/password', path: '/metadata/annotations/seen' }]],
  ['moves the value', 'json', [{ op: 'move', from: '/data/password', path: '/metadata/labels/seen' }]],
  ['guesses the value', 'json', [{ op: 'test', path: '/data/password', value: 'x' }]],
  ['moves all values', 'json', [{ op: 'replace', path: '/data', value: { a: 1 } }]],
];

function brokenBodies(secret: string): readonly string[] {
  return [
    `{"password":"${secret}"`,
    `{"password":"a"${secret}"}`,
    `{"password":"${secret}",,}`,
    secret,
    `{"__proto__":{"password":"${secret}"}}`,
    `["${secret}"]`,
  ];
}

const OUTSIDE: readonly string[] = [
  '/api/badge?name=shop&revision=true',
  '/api/badge?project=team',
  '/api/openapi.json',
  '/swagger.json',
  '/swagger-ui',
  '/healthz',
  '/metrics',
  '/absent',
  '/api/v1/absent',
  '/api/dex/.well-known/openid-configuration',
  '/auth/login',
];
