import { type Application, GitOpsError, type KubernetesObject, type Operation, type SyncWindow } from '@tiphys/model';
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

describe('the pause between waves (D11)', () => {
  const git = [
    configMap('a'),
    configMap('b', { annotations: waved('1') }),
    configMap('c', { annotations: waved('2') }),
  ];

  it('is as long as set, after each wave but the last', async () => {
    const { operate, cluster, clock, app } = world(syncing(), { git, settings: { waveDelayMs: 2_000 } });
    const applied = () => cluster.calls.filter((call) => call.startsWith('apply'));
    expect(await operate()).toEqual({
      ...{ kind: 'requeueAfter', ms: 2_000, reason: 'waiting a moment after wave 0 of Sync' },
    });
    clock.advance(500);
    expect(await operate()).toMatchObject({ ms: 1_500 });
    expect(applied()).toEqual(['apply ConfigMap/a']);
    clock.advance(1_500);
    expect(await operate()).toMatchObject({ ms: 2_000 });
    expect(applied()).toEqual(['apply ConfigMap/a', 'apply ConfigMap/b']);
    clock.advance(2_000);
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState?.phase).toBe('Succeeded');
  });

  it('is kept by a worker that takes over (R6)', async () => {
    const { operate, deps, cluster, clock } = world(syncing(), { git, settings: { waveDelayMs: 2_000 } });
    await operate();
    deps.waveTimes.clear();
    clock.advance(1_000);
    expect(await operate()).toMatchObject({ kind: 'requeueAfter', ms: 2_000 });
    expect(cluster.calls).not.toContain('apply ConfigMap/b');
  });

  it('does not hold back a sync that has nothing to write in its first waves', async () => {
    const live = [stored(tracked('a')), stored(tracked('b'))];
    const { operate } = world(syncing(), { git, live, settings: { waveDelayMs: 2_000 } });
    expect(await operate()).toEqual({ kind: 'done' });
  });

  function tracked(name: string): KubernetesObject {
    const object = name === 'b' ? git[1] : git[0];
    const trackingId = `guestbook:/ConfigMap:web/${name}`;
    const annotations = { ...object?.metadata.annotations, 'argocd.argoproj.io/tracking-id': trackingId };
    return configMap(name, { annotations });
  }
});

describe('an operation that is terminated (D41)', () => {
  const job: KubernetesObject = {
    ...{ apiVersion: 'batch/v1', kind: 'Job', spec: {} },
    metadata: { name: 'migrate', namespace: 'web', annotations: { 'argocd.argoproj.io/hook': 'PreSync' } },
  };
  const terminating = { status: { operationState: { phase: 'Terminating' } } };
  const { signal } = new AbortController();

  it('deletes its running hooks and needs neither Git nor a renderer for it', async () => {
    const { operate, app, applications, cluster, manifests } = world(syncing(), { git: [job, configMap('a')] });
    expect(await operate()).toMatchObject({ reason: 'waiting for completion of hook batch/Job/migrate' });
    manifests.answer = new GitOpsError('Upstream', 'git.test does not answer');
    await applications.patch(app() ?? application(), terminating, signal);
    expect(await operate()).toEqual({ kind: 'done' });
    expect(cluster.calls.slice(-2)).toEqual(['release Job/migrate', 'prune Job/migrate']);
    expect(app()?.operation).toBeUndefined();
    expect(app()?.status?.operationState).toMatchObject({
      ...{ phase: 'Failed', message: 'Operation terminated' },
      syncResult: { resources: [{ name: 'migrate', hookPhase: 'Failed', message: 'Terminated' }] },
    });
  });

  it('finds a hook that its worker wrote and did not live to record', async () => {
    const { operate, app, applications, cluster } = world(syncing(), { git: [job, configMap('a')] });
    await operate();
    const forget = { status: { operationState: { ...terminating.status.operationState, syncResult: null } } };
    await applications.patch(app() ?? application(), forget, signal);
    await operate();
    expect(cluster.objects.size).toBe(0);
  });

  it('ends while a render hangs', async () => {
    const { operate, app, applications, manifests } = world(syncing());
    manifests.generate = (_, aborted) => {
      const hangs = new Promise<never>((_resolve, reject) => {
        aborted.addEventListener('abort', () => reject(aborted.reason as Error));
      });
      return applications.patch(app() ?? application(), terminating, signal).then(() => hangs);
    };
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState).toMatchObject({ phase: 'Failed', message: 'Operation terminated' });
  });

  it('ends although its cluster is away, and says that hooks may be left', async () => {
    const { operate, app, applications, deps } = world(syncing(), { git: [job] });
    await operate();
    await applications.patch(app() ?? application(), terminating, signal);
    const away = async () => Promise.reject(new GitOpsError('Upstream', 'cluster.test does not answer'));
    Object.assign(deps, { clusters: { ...deps.clusters, for: away } });
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState?.message).toBe(
      'Operation terminated; its hooks may still run, since they could not be deleted: cluster.test does not answer',
    );
  });

  it('is not retried', async () => {
    const retry = { limit: 5 };
    const { operate, app, clock } = world(syncing({ ...SYNC, retry }), {
      git: [job],
      settings: { syncTimeoutMs: 60_000 },
    });
    expect(await operate()).toMatchObject({ kind: 'requeueAfter' });
    clock.advance(60_001);
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState).toMatchObject({ phase: 'Failed' });
    expect(app()?.operation).toBeUndefined();
  });
});

describe('a commit from memory, while the Git host is away (design 9)', () => {
  const retry = { limit: 3, backoff: { duration: '10s' } };
  const unpinned: Operation = { sync: {}, retry };
  const stale = (revision: string) => ({ stale: true, revisions: [revision] });

  it('is not deployed by a retry when the attempt before it had another one', async () => {
    const { operate, cluster, clock, commit, app } = world(syncing(unpinned), { git: [configMap('a')] });
    commit([configMap('a')], { revisions: [SHA_B] });
    cluster.failures.set('apply ConfigMap/a', new GitOpsError('InvalidSpec', 'a is invalid'));
    expect(await operate()).toMatchObject({ reason: 'retry' });
    cluster.failures.clear();
    commit([configMap('a')], stale(SHA_A));
    clock.advance(10_000);
    await expect(operate()).rejects.toMatchObject({ code: 'Upstream' });
    expect(app()?.status?.operationState).toMatchObject({ phase: 'Running', message: expect.stringContaining(SHA_B) });
    expect(cluster.calls).toEqual(['apply ConfigMap/a']);
    commit([configMap('a')], stale(SHA_B));
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState?.syncResult?.revision).toBe(SHA_B);
  });

  it('is not deployed when the last comparison knew another one, and is when it is the same', async () => {
    const status = { sync: { status: 'Synced', revision: SHA_B } } as const;
    const { operate, commit } = world(syncing(unpinned, { status }), { git: [configMap('a')] });
    commit([configMap('a')], stale(SHA_A));
    await expect(operate()).rejects.toMatchObject({ code: 'Upstream' });
    commit([configMap('a')], stale(SHA_B));
    expect(await operate()).toEqual({ kind: 'done' });
  });

  it('does not matter when the host answers: a ref that was moved back is followed', async () => {
    const { operate, cluster, clock, commit, manifests, app } = world(syncing(unpinned), { git: [configMap('a')] });
    commit([configMap('a')], { revisions: [SHA_B] });
    cluster.failures.set('apply ConfigMap/a', new GitOpsError('InvalidSpec', 'a is invalid'));
    await operate();
    cluster.failures.clear();
    commit([configMap('a')], { revisions: [SHA_A] });
    clock.advance(10_000);
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState?.syncResult?.revision).toBe(SHA_A);
    expect(manifests.requests.map(({ revisions }) => revisions)).toEqual([[undefined], [undefined]]);
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
