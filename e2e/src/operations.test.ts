/** Operations on the real control plane: windows, terminations, retries, overrides, impersonation (A16, A17, D11, D32-D50). */
import { ANNOTATIONS, API_VERSION } from '@tiphys/model';
import { eventually, type KubeObject, uniqueName } from '@tiphys/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, type AppOptions, deploy } from './support/application.js';
import { configMap, deployment, job, service, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('operations', {
  settings: { 'application.sync.impersonation.enabled': 'true', 'application.sync.impersonation.enforced': 'false' },
});

afterEach(() => site().git.setFaults({}));

const settings = (value: string) => ({ 'settings.yaml': yaml(configMap('settings', { value })) });
const hook = (type: string) => ({ [ANNOTATIONS.hook]: type });
const wave = (number: number) => ({ [ANNOTATIONS.syncWave]: String(number) });
const pathOf = (app: App) => `/apis/${API_VERSION}/namespaces/${site().namespace}/applications/${app.name}`;

/** A project that permits everything, with these additions. */
async function createProject(spec: object): Promise<string> {
  const name = uniqueName('project');
  await site().client.create({
    ...{ apiVersion: API_VERSION, kind: 'AppProject', metadata: { name, namespace: site().namespace } },
    spec: {
      ...{ sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
      clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      ...spec,
    },
  });
  return name;
}

async function value(app: App): Promise<unknown> {
  return ((await app.object('ConfigMap', 'settings'))?.['data'] as { value?: string } | undefined)?.value;
}

async function becomes(app: App, expected: string): Promise<void> {
  await eventually(async () => expect(await value(app)).toBe(expected), { timeoutMs: 45_000 });
}

/** By hand, in a namespace that is there: nothing is synced before the test asks for it. */
async function manual(options: AppOptions): Promise<App> {
  const namespace = await site().cluster.createNamespace('manual');
  const app = await deploy(site(), { namespace, automated: null, syncOptions: [], ...options });
  await app.is('OutOfSync');
  return app;
}

describe('sync windows', () => {
  const always = { schedule: '* * * * *', duration: '1h', applications: ['*'] };
  /** Open for one minute of the year. */
  const never = { schedule: '0 0 1 1 *', duration: '1m', applications: ['*'] };
  const blocked = /blocked by sync window/;

  it('a deny window holds automated syncs back until it is gone (D47, D48)', async () => {
    const project = await createProject({
      syncWindows: [
        { kind: 'deny', ...always },
        { kind: 'allow', ...always },
      ],
    });
    const app = await deploy(site(), { files: settings('1'), project });
    await app.is('OutOfSync');
    expect((await app.refresh('normal')).operation).toBeUndefined();
    expect(await value(app)).toBeUndefined();
    await site().client.patch(`/apis/${API_VERSION}/namespaces/${site().namespace}/appprojects/${project}`, {
      spec: { syncWindows: [{ kind: 'allow', ...always }] },
    });
    await becomes(app, '1');
  });

  it('outside of all allow windows nothing is synced by itself, other applications are (D48)', async () => {
    const name = uniqueName('app');
    const project = await createProject({ syncWindows: [{ kind: 'allow', ...never, applications: [name] }] });
    const held = await deploy(site(), { name, files: settings('1'), project });
    const free = await deploy(site(), { files: settings('1'), project });
    await becomes(free, '1');
    await held.is('OutOfSync');
    expect(await value(held)).toBeUndefined();
  });

  it('by hand it depends on manualSync: an operation that kubectl sets waits without it (D49, A16)', async () => {
    const window = { kind: 'deny', ...always };
    const strict = await manual({ files: settings('1'), project: await createProject({ syncWindows: [window] }) });
    await site().client.patch(pathOf(strict), { operation: { sync: {} } });
    await strict.shows('waits for its window', ({ status }) =>
      expect(status?.operationState?.message).toMatch(blocked),
    );
    expect(await value(strict)).toBeUndefined();
    const lenient = await manual({
      ...{ files: settings('1') },
      project: await createProject({ syncWindows: [{ ...window, manualSync: true }] }),
    });
    await site().client.patch(pathOf(lenient), { operation: { sync: {} } });
    await becomes(lenient, '1');
  });

  it('a sync that runs when its window closes waits, and goes on with syncOverrun (D50)', async () => {
    const files = {
      'pre.yaml': yaml(job('pre', { image: 'task:broken', annotations: hook('PreSync') })),
      ...settings('1'),
    };
    const started = async (syncOverrun: boolean): Promise<App> => {
      const project = await createProject({ syncWindows: [{ kind: 'allow', ...always }] });
      const app = await deploy(site(), { files, project });
      await app.shows('runs', ({ status }) => expect(status?.operationState?.message).toMatch(/^waiting for/));
      // It began two hours ago; the window has been closed for some minutes.
      const startedAt = `${new Date(Date.now() - 7_200_000).toISOString().slice(0, 19)}Z`;
      await site().client.patch(pathOf(app), { status: { operationState: { startedAt } } });
      const closed = { ...always, kind: 'deny', schedule: scheduleOf(new Date(Date.now() - 600_000)), syncOverrun };
      await site().client.patch(`/apis/${API_VERSION}/namespaces/${site().namespace}/appprojects/${project}`, {
        spec: { syncWindows: [closed] },
      });
      return app;
    };
    const [held, runs] = [await started(false), await started(true)];
    await held.shows('waits', ({ status }) => expect(status?.operationState?.message).toMatch(blocked));
    expect((await runs.get()).status?.operationState?.message).toMatch(/^waiting for completion/);
    // Terminations are never held back.
    await site().api.call('DELETE', `/api/v1/applications/${held.name}/operation`);
    await held.operationEnded('Failed');
  });

  function scheduleOf(time: Date): string {
    return `${time.getUTCMinutes()} ${time.getUTCHours()} * * *`;
  }
});

describe('terminated', () => {
  const terminate = async (app: App): Promise<void> => {
    const { status } = await site().api.call('DELETE', `/api/v1/applications/${app.name}/operation`);
    expect(status).toBe(200);
    const state = await app.operationEnded('Failed');
    expect(state.message).toMatch(/^Operation terminated/);
  };
  const RUNS = { image: 'task:broken' };

  it.each([
    { name: 'while a PreSync hook runs', object: job('pre', { ...RUNS, annotations: hook('PreSync') }) },
    { name: 'while a hook of the Sync phase runs', object: job('during', { ...RUNS, annotations: hook('Sync') }) },
    { name: 'while a PostSync hook runs', object: job('post', { ...RUNS, annotations: hook('PostSync') }) },
    { name: 'while a wave does not become healthy', object: deployment('web', { image: 'guestbook:broken' }) },
  ])('$name, a sync fails at once and leaves no hook behind (D41)', async ({ object }) => {
    const files = { 'a.yaml': yaml(object, configMap('last', {}, wave(1)), configMap('settings', {})) };
    const app = await deploy(site(), { files });
    await app.shows('waits', ({ status }) => expect(status?.operationState?.message).toMatch(/^waiting for/));
    await terminate(app);
    const jobs = `/apis/batch/v1/namespaces/${app.namespace}/jobs`;
    await eventually(async () => expect(await site().client.list(jobs)).toEqual([]));
  });

  it('while it waits for its retry (D39, D41)', async () => {
    const broken = { ...service('web'), spec: { ports: [{ port: 99_999 }] } };
    const retry = { limit: 5, backoff: { duration: '10m' } };
    const app = await deploy(site(), { files: { 'a.yaml': yaml(broken) }, retry });
    await app.shows('waits for its retry', ({ status }) => expect(status?.operationState?.retryCount).toBe(1));
    await terminate(app);
  });

  it('while Git hangs (D41, R8)', async () => {
    const app = await manual({ files: settings('1') });
    site().git.setFaults({ hang: true });
    await app.sync();
    await app.shows('runs', ({ status }) => expect(status?.operationState?.phase).toBe('Running'));
    await terminate(app);
    expect(await value(app)).toBeUndefined();
  });
});

describe('a sync by hand', () => {
  it('of another revision deploys that one (A17)', async () => {
    const app = await manual({ files: settings('1') });
    const first = (await app.get()).status?.sync?.revision;
    await app.push(settings('2'));
    await app.sync({ revision: first });
    const state = await app.operationEnded('Succeeded');
    expect([state.syncResult?.revision, await value(app)]).toEqual([first, '1']);
    await app.is('OutOfSync');
  });

  it('takes the manifests that it brings (A17)', async () => {
    const app = await manual({ files: settings('1') });
    const local = JSON.stringify(configMap('settings', { value: 'local' }));
    await site().client.patch(pathOf(app), { operation: { sync: { manifests: [local] } } });
    await app.operationEnded('Succeeded');
    expect(await value(app)).toBe('local');
    await app.is('OutOfSync');
  });

  it('resolves its branch anew with every retry (D39)', async () => {
    const broken = { ...service('web'), spec: { ports: [{ port: 99_999 }] } };
    const app = await manual({ files: { 'web.yaml': yaml(broken) } });
    const retryStrategy = { limit: 20, backoff: { duration: '1s', factor: 1 } };
    await site().client.patch(pathOf(app), { operation: { sync: {}, retry: retryStrategy } });
    await app.shows('is retried', ({ status }) => expect(status?.operationState?.retryCount).toBeGreaterThan(0));
    const commit = await app.commit({ 'web.yaml': yaml(service('web')) });
    const state = await app.operationEnded('Succeeded');
    expect(state.syncResult?.revision).toBe(commit);
  });

  it('is written down as Argo CD does (A20)', async () => {
    const app = await manual({ files: settings('1') });
    await site().client.patch(pathOf(app), {
      operation: { initiatedBy: { username: 'jane' }, sync: { syncStrategy: { hook: {} } } },
    });
    const { startedAt, finishedAt, ...state } = await app.operationEnded('Succeeded');
    expect([startedAt, finishedAt]).toEqual([expect.any(String), expect.any(String)]);
    const { spec } = await app.get();
    expect(state).toEqual({
      operation: { initiatedBy: { username: 'jane' }, sync: { syncStrategy: { hook: {} } } },
      ...{ phase: 'Succeeded', message: 'successfully synced (all tasks run)' },
      syncResult: {
        ...{ revision: expect.stringMatching(/^[0-9a-f]{40}$/), source: spec.source },
        resources: [
          {
            ...{ group: '', version: 'v1', kind: 'ConfigMap', namespace: app.namespace, name: 'settings' },
            ...{ status: 'Synced', message: 'configmap/settings created', hookPhase: 'Succeeded', syncPhase: 'Sync' },
          },
        ],
      },
    });
  });

  it('keeps as many entries of the history as the application says (A15)', async () => {
    const app = await manual({ files: settings('0') });
    await site().client.patch(pathOf(app), { spec: { revisionHistoryLimit: 2 } });
    for (const version of ['1', '2', '3']) {
      await app.commit(settings(version));
      await app.sync();
      await becomes(app, version);
      await app.operationEnded('Succeeded');
    }
    expect((await app.get()).status?.history?.map(({ id }) => id)).toEqual([1, 2]);
  });
});

describe('skip-reconcile', () => {
  it('leaves an application as it is until it is taken off (A25)', async () => {
    const app = await deploy(site(), { files: settings('1') });
    await becomes(app, '1');
    await app.operationEnded('Succeeded');
    await site().client.patch(pathOf(app), { metadata: { annotations: { [ANNOTATIONS.skipReconcile]: 'true' } } });
    // What comes later on the same watch was seen: so was the annotation.
    await becomes(await deploy(site(), { files: settings('1') }), '1');
    await app.push(settings('2'));
    await becomes(await deploy(site(), { files: settings('1') }), '1');
    expect(await value(app)).toBe('1');
    await site().client.patch(pathOf(app), { metadata: { annotations: { [ANNOTATIONS.skipReconcile]: null } } });
    await becomes(app, '2');
  });
});

describe('impersonation (D46)', () => {
  const RBAC = 'rbac.authorization.k8s.io';

  async function grant(namespace: string): Promise<void> {
    const metadata = { name: 'deployer', namespace };
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'patch', 'delete'] }];
    const subjects = [{ kind: 'ServiceAccount', name: 'deployer', namespace }];
    const roleRef = { apiGroup: RBAC, kind: 'Role', name: 'deployer' };
    const objects: readonly KubeObject[] = [
      { apiVersion: `${RBAC}/v1`, kind: 'Role', metadata, rules },
      { apiVersion: `${RBAC}/v1`, kind: 'RoleBinding', metadata, subjects, roleRef },
    ];
    for (const object of objects) await site().client.create(object);
  }

  it('a sync may do what the service account of the project may, and nothing else (S19)', async () => {
    const destinationServiceAccounts = [{ server: '*', namespace: '*', defaultServiceAccount: 'deployer' }];
    const project = await createProject({ destinationServiceAccounts });
    const app = await manual({ files: settings('1'), project });
    await app.sync();
    const state = await app.operationEnded('Failed');
    expect(state.message).toContain(`system:serviceaccount:${app.namespace}:deployer`);
    expect(await value(app)).toBeUndefined();
    await grant(app.namespace);
    await app.sync();
    await app.operationEnded('Succeeded');
    expect(await value(app)).toBe('1');
  });
});

describe('the pause between waves (D11)', () => {
  it('is as long as argocd-cmd-params-cm says, from the next sync on', async () => {
    await site().client.patch(`/api/v1/namespaces/${site().namespace}/configmaps/argocd-cmd-params-cm`, {
      data: { 'controller.sync.wave.delay.seconds': '3' },
    });
    const files = { 'all.yaml': yaml(configMap('first', {}), configMap('second', {}, wave(1))) };
    const created = async (app: App, name: string): Promise<number> => {
      const { creationTimestamp = '' } = ((await app.object('ConfigMap', name))?.metadata ?? {}) as {
        readonly creationTimestamp?: string;
      };
      return Date.parse(creationTimestamp);
    };
    // The first of them may begin before the controller has seen the setting. Kubernetes writes whole seconds.
    await eventually(
      async () => {
        const app = await deploy(site(), { files });
        await app.operationEnded('Succeeded');
        expect((await created(app, 'second')) - (await created(app, 'first'))).toBeGreaterThanOrEqual(2_000);
      },
      { timeoutMs: 60_000 },
    );
  });
});

describe('the time limit of a sync (D42)', () => {
  it('terminates it, and there is no retry', async () => {
    await site().client.patch(`/api/v1/namespaces/${site().namespace}/configmaps/argocd-cmd-params-cm`, {
      data: { 'controller.sync.timeout.seconds': '2' },
    });
    const pre = job('pre', { image: 'task:broken', annotations: hook('PreSync') });
    const files = { 'all.yaml': yaml(pre, configMap('settings', {})) };
    const app = await deploy(site(), { files, retry: { limit: 5 } });
    const state = await app.operationEnded('Failed');
    expect(state.message).toBe('Operation terminated: it took longer than the 2s of controller.sync.timeout.seconds');
    await eventually(async () => expect(await app.object('Job', 'pre')).toBeUndefined());
  });
});
