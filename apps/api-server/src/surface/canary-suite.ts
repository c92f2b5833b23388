/**
 * No secret gets out (S21, S22, S23, S5): whatever the other suites asked is searched too, then every operation is asked by a
 * project role, Secrets are patched so that the API server complains, and logs, metrics, events and Redis are searched.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CaseTable, isRefusal } from './case.js';
import { type Input, operations, urlOf } from './operations.js';
import { redisContents } from './redis-contents.js';
import type { CallerName, World } from './world.js';

/** They answer 5xx to nobody. */
const SERVER_ERROR = 500;

interface Searched {
  readonly where: string;
  readonly text: string;
}

export function describeCanaries(cases: CaseTable, world: () => World): void {
  const ask = async (operationId: string, input: Input, caller: CallerName) => {
    const { client, callers } = world();
    const route = operations.get(operationId);
    if (route === undefined) throw new Error(`the contract has no ${operationId}`);
    if (route.stream === true) return client.stream(route, input, { caller: callers[caller], count: 1 });
    return client.call(route, input, callers[caller]);
  };
  const expectNoLeak = (searched: readonly Searched[]) => {
    const found = searched.flatMap(({ where, text }) =>
      world()
        .canaries.leaksIn(text)
        .map((leak) => `${where}: ${leak.secret}, ${leak.form}: ${leak.found}`),
    );
    expect(found, found.join('\n')).toEqual([]);
  };

  describe('no secret gets out (S21)', () => {
    it('every operation is asked by a project role, with good and with bad input', async () => {
      for (const [id, own] of Object.entries(cases)) {
        const inputs = [own.success, ...[own.missing, own.invalid].filter(isRefusal).map(({ input }) => input)];
        for (const input of inputs) {
          const { status, text } = await ask(id, await input(world()), 'role');
          expect(status, `${id}: ${text}`).toBeLessThan(SERVER_ERROR);
        }
      }
    });

    it('every stream is read as server-sent events too', async () => {
      const { client, callers } = world();
      for (const route of [...operations.values()].filter(({ stream }) => stream === true)) {
        const input = (await cases[route.operationId]?.success(world())) ?? {};
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
          expect([400, 403, 404, 413]).toContain(status);
        }
      }
    });

    it.each(OUTSIDE)('%s', async (url) => {
      const { client, callers } = world();
      for (const caller of [callers.admin, callers.anonymous]) {
        const request = { who: caller.name, what: url, token: caller.token, method: 'GET', url };
        expect((await client.raw(request)).status).toBeLessThan(SERVER_ERROR);
      }
    });

    it('every operation was asked by admin and by the role, and answered both well and not', () => {
      const seen = (who: string) =>
        new Set(world().client.recorded.flatMap((one) => (one.who === who ? one.what : [])));
      const succeeded = new Set(world().client.recorded.flatMap(({ what, status }) => (status === 200 ? what : [])));
      const ids = [...operations.keys()];
      expect(ids.filter((id) => !seen('admin').has(id) && cases[id]?.as === undefined)).toEqual([]);
      expect(ids.filter((id) => !seen('role').has(id))).toEqual([]);
      expect(ids.filter((id) => !succeeded.has(id))).toEqual([]);
      expect(world().canaries.names.length).toBeGreaterThan(40);
    });

    it('answers of any request', () => {
      expectNoLeak(
        world().client.recorded.map(({ who, what, status, text }) => ({ where: `${what} ${status} as ${who}`, text })),
      );
    });

    it('logs at debug level, and the audit log (S23)', () => {
      const logs = Object.entries(world().logs()).map(([where, text]) => ({ where, text }));
      expect(logs.map(({ text }) => text.length).every((length) => length > 1_000)).toBe(true);
      const audit = { where: 'audit log', text: world().server.auditLines().join('\n') };
      expect(audit.text).toContain('shop');
      expectNoLeak([...logs, audit]);
    });

    it('metrics', async () => {
      const { installation, server } = world();
      const services = ['repo-server', 'application-controller'] as const;
      const texts = services.map(async (name) => {
        const answer = await fetch(`${installation.service(name).opsUrl}/metrics`);
        return { where: `metrics of ${name}`, text: await answer.text() };
      });
      const own = { where: 'metrics of api-server', text: await server.metrics.render() };
      expect(own.text).toContain('tiphys_http_request_duration_seconds');
      expectNoLeak([own, ...(await Promise.all(texts))]);
    });

    it('Kubernetes Events and custom resources', async () => {
      const { kube, namespace, target } = world();
      const crs = ['applications', 'applicationsets', 'appprojects'];
      const paths = [
        ...[namespace, target].map((name) => `/api/v1/namespaces/${name}/events`),
        ...crs.map((plural) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/${plural}`),
      ];
      const searched = await Promise.all(
        paths.map(async (path) => ({ where: path, text: JSON.stringify(await kube.get(path)) })),
      );
      expect(searched[0]?.text).toContain('OperationStarted');
      expectNoLeak(searched);
    });

    it('Redis', async () => {
      const entries = await redisContents(world().redis);
      expect(entries.filter(({ key }) => /:mfst:/.test(key)).length).toBeGreaterThan(0);
      expect(entries.some(({ text }) => text.includes(world().namespace))).toBe(true);
      expectNoLeak(entries.map(({ key, text }) => ({ where: key, text: `${key}\n${text}` })));
    });

    it('the environment of what the repo-server runs (S5)', () => {
      const environments = descendants(world().installation.service('repo-server').pid).map((pid) => ({
        where: `process ${pid}`,
        text: environmentOf(pid),
      }));
      expect(environments.length).toBeGreaterThan(0);
      expectNoLeak(environments);
      const named = environments.flatMap(
        ({ text }) => text.match(/^\w*(?:REDIS|CACHE_KEY|KUBECONFIG|AWS_)\w*=(?!\/dev\/null$).+/gm) ?? [],
      );
      expect(named, named.join('\n')).toEqual([]);
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

/** Linux only; there is nothing to read elsewhere. */
function descendants(pid: number): readonly number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))] as const),
  );
  const below = (id: number): readonly number[] =>
    [...parents].flatMap(([child, parent]) => (parent === id ? [child, ...below(child)] : []));
  return below(pid);
}

function parentOf(pid: number): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0);
}

function environmentOf(pid: number): string {
  return readOrEmpty(`/proc/${pid}/environ`).replaceAll('\0', '\n');
}

/** A process may have ended meanwhile. */
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
