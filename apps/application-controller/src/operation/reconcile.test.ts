import {
  type Application,
  type AppProject,
  GitOpsError,
  type KubernetesObject,
  type Operation,
  type SyncWindow,
} from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap, NOW, operationState, SHA_A, SHA_B, stored } from '../testing/builders.js';
import { KEY, PERMISSIVE, world } from '../testing/world.js';

const SYNC: Operation = { sync: { revision: SHA_A }, initiatedBy: { username: 'jane' } };
const syncing = (operation: Operation = SYNC, parts: Partial<Application> = {}): Application =>
  application({ operation, ...parts });

const deployment = (name: string, healthy: boolean, annotations: Record<string, string> = {}): KubernetesObject => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'web', annotations } },
  spec: { replicas: 1 },
  ...(healthy
    ? {
        status: {
          ...{ observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1, readyReplicas: 1 },
          conditions: [{ type: 'Available', status: 'True' }],
        },
      }
    : {}),
});
const waved = (wave: string) => ({ 'argocd.argoproj.io/sync-wave': wave });

describe('a sync', () => {
  it('asks first, applies, records what it deployed and asks for a comparison', async () => {
    const { operate, app, cluster, refreshQueue, events, finished } = world(syncing(), {
      git: [configMap('a'), configMap('b')],
    });
    expect(await operate()).toEqual({ kind: 'done' });
    expect(cluster.calls).toEqual([
      ...['dry run ConfigMap/a', 'dry run ConfigMap/b'],
      ...['apply ConfigMap/a', 'apply ConfigMap/b'],
    ]);
    expect(app()?.operation).toBeUndefined();
    expect(app()?.status).toMatchObject({
      operationState: {
        ...{ phase: 'Succeeded', operation: SYNC, startedAt: NOW, finishedAt: NOW },
        syncResult: {
          revision: SHA_A,
          resources: [
            { name: 'a', status: 'Synced' },
            { name: 'b', status: 'Synced' },
          ],
        },
      },
      history: [{ id: 0, revision: SHA_A, initiatedBy: { username: 'jane' } }],
    });
    expect([refreshQueue.enqueued.length, finished]).toEqual([1, ['Succeeded']]);
    expect(events.recorded.map(({ reason }) => reason)).toEqual(['OperationStarted', 'OperationCompleted']);
  });

  it('inherits nothing from the operation before it, at its start and at its end (81415fd)', async () => {
    const earlier = operationState({
      phase: 'Failed',
      operation: {
        sync: { revision: SHA_B, dryRun: true, resources: [{ kind: 'ConfigMap', name: 'old' }] },
        retry: { limit: 7 },
        info: [{ name: 'why', value: 'before' }],
      },
      syncResult: { revision: SHA_B, revisions: [SHA_B], resources: [] },
      ...{ finishedAt: '2025-01-01T00:00:00Z', retryCount: 7, message: 'before' },
    });
    const { operate, app, applications, cluster } = world(syncing(SYNC, { status: { operationState: earlier } }), {
      git: [configMap('a'), configMap('b')],
    });
    await operate();
    expect(applications.patches[0]).toMatchObject({
      status: { operationState: { operation: { sync: { dryRun: null, resources: null }, retry: null, info: null } } },
    });
    const state = app()?.status?.operationState;
    expect(state?.operation).toEqual(SYNC);
    expect(state?.syncResult).toMatchObject({ revision: SHA_A });
    expect(state?.syncResult?.revisions).toBeUndefined();
    expect(cluster.objects.size).toBe(2);
    expect(app()?.status?.history).toHaveLength(1);
  });

  it('writes nothing that is equal already', async () => {
    const { operate, cluster, commit, app, applications } = world(syncing(), { git: [configMap('a')] });
    await operate();
    const calls = cluster.calls.length;
    commit([configMap('a')]);
    await applications.patch(app() ?? application(), { operation: SYNC as never }, new AbortController().signal);
    await operate();
    expect(cluster.calls.slice(calls)).toEqual([]);
    expect(app()?.status?.operationState?.phase).toBe('Succeeded');
  });

  it('goes on after its worker died, without doing again what is done (R6)', async () => {
    const git = [deployment('web', false, waved('0')), configMap('a', { annotations: waved('1') })];
    const { operate, cluster, app } = world(syncing(), { git });
    expect(await operate()).toMatchObject({
      kind: 'requeueAfter',
      reason: expect.stringContaining('apps/Deployment/web'),
    });
    expect(app()?.status?.operationState).toMatchObject({
      phase: 'Running',
      message: expect.stringContaining('waiting for healthy state of apps/Deployment/web'),
      syncResult: { resources: [{ name: 'web', status: 'Synced' }] },
    });
    const live = cluster.objects.get('apps/Deployment/web/web');
    cluster.objects.set('apps/Deployment/web/web', {
      ...live,
      ...deploymentStatus(),
      metadata: { ...live?.metadata },
    } as KubernetesObject);
    // `operate` makes a new reconciler: nothing but the Application remembers.
    expect(await operate()).toEqual({ kind: 'done' });
    expect(cluster.calls.filter((call) => call.startsWith('apply'))).toEqual([
      'apply Deployment/web',
      'apply ConfigMap/a',
    ]);
    expect(app()?.status?.operationState?.phase).toBe('Succeeded');
  });

  function deploymentStatus() {
    const { status } = deployment('web', true);
    return { status };
  }

  it('of a person is rendered from what the branch names now (C23)', async () => {
    const { operate, manifests } = world(syncing({ sync: {} }), { git: [configMap('a')] });
    await operate();
    expect(manifests.requests).toMatchObject([{ revisions: [undefined], cacheMode: 'resolve' }]);
  });
});

describe('a sync that fails', () => {
  const retry = { limit: 1, backoff: { duration: '10s' } };

  it('waits for its retry, then forgets the results and tries again (D39)', async () => {
    const { operate, cluster, clock, app } = world(syncing({ ...SYNC, retry }), { git: [configMap('a')] });
    cluster.failures.set('apply ConfigMap/a', new GitOpsError('InvalidSpec', 'a is invalid'));
    expect(await operate()).toEqual({ kind: 'requeueAfter', ms: 10_000, reason: 'retry' });
    clock.advance(4_000);
    expect(await operate()).toEqual({ kind: 'requeueAfter', ms: 6_000, reason: 'waiting to retry' });
    cluster.failures.clear();
    clock.advance(6_000);
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState).toMatchObject({ phase: 'Succeeded', retryCount: 1 });
  });

  it('that waits for its retry ends at once when a person terminates it (D41)', async () => {
    const { operate, cluster, app, applications } = world(syncing({ ...SYNC, retry }), { git: [configMap('a')] });
    cluster.failures.set('apply ConfigMap/a', new GitOpsError('InvalidSpec', 'a is invalid'));
    await operate();
    const terminating = { status: { operationState: { phase: 'Terminating' } } };
    await applications.patch(app() ?? application(), terminating, new AbortController().signal);
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('Operation terminated'),
    });
    expect(app()?.operation).toBeUndefined();
  });

  it('because the manifests cannot be made is over, with the reason', async () => {
    const { operate, manifests, app } = world(syncing());
    manifests.answer = new GitOpsError('ManifestGeneration', 'values.yaml: not YAML');
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState).toMatchObject({ phase: 'Error', message: 'values.yaml: not YAML' });
  });

  it.each<{ name: string; operation: Operation; message: string; rules?: Partial<AppProject['spec']> }>([
    {
      name: 'without a sync',
      operation: {},
      message: 'Invalid operation request: no operation specified',
    },
    {
      name: 'with a source that the project forbids (F01, S19)',
      operation: { sync: { source: { repoURL: 'https://evil.test/repo.git', path: '.' } } },
      message: 'application repo https://evil.test/repo.git is not permitted',
    },
    {
      name: 'with one of several sources that the project forbids (F01, S19)',
      operation: { sync: { sources: [{ repoURL: 'https://evil.test/repo.git', path: '.' }] } },
      message: 'application repo https://evil.test/repo.git is not permitted',
    },
    {
      name: 'with manifests of its own where the project demands signed commits (B35, S28)',
      operation: { sync: { manifests: [JSON.stringify(configMap('local'))] } },
      rules: { signatureKeys: [{ keyID: '4AEE18F83AFDEB23' }] },
      message: 'project default demands signed commits',
    },
  ])('$name is over before anything is rendered', async ({ operation, message, rules = {} }) => {
    const spec = { ...PERMISSIVE.spec, sourceRepos: ['https://git.test/*'], ...rules };
    const { operate, app, manifests } = world(syncing(operation), { project: { ...PERMISSIVE, spec } });
    expect(await operate()).toEqual({ kind: 'done' });
    expect(manifests.requests).toEqual([]);
    expect(app()?.status?.operationState).toMatchObject({
      ...{ phase: 'Error', message: expect.stringContaining(message) },
    });
  });

  it('before it is known what it deploys, is still an attempt: automated syncs do not begin it again (D34)', async () => {
    const { operate, manifests, app } = world(syncing());
    manifests.answer = new GitOpsError('ManifestGeneration', 'values.yaml: not YAML');
    await operate();
    expect(app()?.status?.operationState?.syncResult).toEqual({
      ...{ revision: SHA_A, source: app()?.spec.source, resources: [] },
    });
  });

  it('because the project forbids a resource writes nothing (F03, S19)', async () => {
    const spec = { ...PERMISSIVE.spec, namespaceResourceBlacklist: [{ group: '', kind: 'ConfigMap' }] };
    const { operate, app, cluster } = world(syncing(), { git: [configMap('a')], project: { ...PERMISSIVE, spec } });
    expect(await operate()).toEqual({ kind: 'done' });
    expect(cluster.calls).toEqual([]);
    expect(app()?.status?.operationState).toMatchObject({
      phase: 'Error',
      message: expect.stringContaining('does not permit /ConfigMap web/a'),
    });
  });

  it('because the cluster is away says so, is not over, and succeeds later (R17)', async () => {
    const { operate, cluster, app } = world(syncing(), { git: [configMap('a')] });
    cluster.failures.set('apply ConfigMap/a', new GitOpsError('Upstream', 'cluster.test does not answer'));
    await expect(operate()).rejects.toMatchObject({ code: 'Upstream' });
    expect(app()?.status?.operationState).toMatchObject({ phase: 'Running', message: 'cluster.test does not answer' });
    cluster.failures.clear();
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState?.phase).toBe('Succeeded');
  });

  it('because it takes longer than the sync timeout is terminated (D42)', async () => {
    const { operate, clock, app } = world(syncing(), {
      git: [deployment('web', false, waved('0')), configMap('a', { annotations: waved('1') })],
      settings: { syncTimeoutMs: 60_000 },
    });
    expect(await operate()).toMatchObject({ kind: 'requeueAfter' });
    clock.advance(60_001);
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState).toMatchObject({
      phase: 'Failed',
      message: 'Operation terminated: it took longer than the 60s of controller.sync.timeout.seconds',
    });
  });
});

describe('an operation that may not run now', () => {
  const deny: SyncWindow = { kind: 'deny', schedule: '0 0 * * *', duration: '1h', applications: ['*'] };
  const project = { ...PERMISSIVE, spec: { ...PERMISSIVE.spec, syncWindows: [deny] } };

  it('waits for its sync window, says why once, and runs when it opens (D47)', async () => {
    const { operate, applications, app, cluster, clock } = world(syncing(), { git: [configMap('a')], project });
    expect(await operate()).toMatchObject({ kind: 'requeueAfter', ms: 30_000 });
    expect(await operate()).toMatchObject({ kind: 'requeueAfter' });
    expect(applications.patches).toHaveLength(2); // begun, and why it waits
    expect(app()?.status?.operationState?.message).toContain('blocked by sync window');
    expect(cluster.calls).toEqual([]);
    clock.advance(3_600_001);
    expect(await operate()).toEqual({ kind: 'done' });
  });

  it('can still be terminated', async () => {
    const state = operationState({ operation: SYNC, phase: 'Terminating' });
    const { operate, app } = world(syncing(SYNC, { status: { operationState: state } }), {
      git: [configMap('a')],
      project,
    });
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState?.phase).toBe('Failed');
  });
});

it('a deletion comes before any sync', async () => {
  const app = syncing(SYNC, { metadata: { deletionTimestamp: NOW } } as Partial<Application>);
  const { operate, deletions, cluster } = world(app, { git: [configMap('a')] });
  expect(await operate()).toEqual({ kind: 'done' });
  expect([deletions, cluster.calls]).toEqual([['guestbook'], []]);
});

it.each<{ name: string; app: Application | undefined }>([
  { name: 'an application that is gone', app: undefined },
  { name: 'an application without an operation', app: application() },
])('$name is left alone', async ({ app }) => {
  const { operate, applications } = world(app, { live: [stored(configMap('a'))] });
  expect([await operate(), applications.patches]).toEqual([{ kind: 'done' }, []]);
});

it('an operation that was replaced while it ran does not write into the newer one (R11)', async () => {
  const { operate, applications, app } = world(syncing(), { git: [configMap('a')] });
  applications.changeBehindTheWatch(KEY, (now) => ({ ...now, operation: { sync: { revision: SHA_B } } }));
  await expect(operate()).rejects.toMatchObject({ code: 'Conflict' });
  expect(applications.patches).toEqual([]);
  expect(app()?.operation).toEqual({ sync: { revision: SHA_B } });
});
