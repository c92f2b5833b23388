import {
  ANNOTATIONS,
  type Application,
  type AppProject,
  FINALIZERS,
  GitOpsError,
  type KubernetesObject,
} from '@tiphys/model';
import { fakeClock } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import { application, configMap, NOW, SERVER, SETTINGS, stored } from '../testing/builders.js';
import { memoryApplications } from '../testing/memory-applications.js';
import { memoryCluster } from '../testing/memory-cluster.js';
import { fixedManifests, recordingEvents } from '../testing/recording-ports.js';
import { configuredHealth, KEY, PERMISSIVE } from '../testing/world.js';
import { createDeletionReconciler, type DeletionDeps } from './reconcile.js';

const { signal } = new AbortController();
const tracked = (name: string, annotations: Record<string, string> = {}): KubernetesObject =>
  stored(
    configMap(name, { annotations: { [ANNOTATIONS.trackingId]: `guestbook:/ConfigMap:web/${name}`, ...annotations } }),
  );
const deleted = (...finalizers: string[]): Application =>
  application({ metadata: { deletionTimestamp: NOW, finalizers } });

function deletion(app: Application, live: readonly KubernetesObject[], more: Partial<DeletionDeps> = {}) {
  const memory = memoryCluster(...live);
  const applications = memoryApplications(app);
  const events = recordingEvents();
  const manifests = fixedManifests();
  const reconcile = createDeletionReconciler({
    ...{ applications, events, manifests, clusters: memory.clusters, writer: memory.writer },
    ...{ projects: { get: () => PERMISSIVE }, namespace: 'argocd', clock: fakeClock(), settings: () => SETTINGS },
    configuredHealth: configuredHealth(),
    ...more,
  });
  const current = () => applications.get(KEY) ?? app;
  return { memory, applications, events, manifests, app: current, turn: () => reconcile(current(), signal) };
}

describe('the deletion of an application (A22, D51)', () => {
  it('deletes what it tracks, one wave at a time and the last first, then lets go', async () => {
    const objects = [tracked('a'), tracked('b', { [ANNOTATIONS.syncWave]: '1' }), stored(configMap('stranger'))];
    const { memory, applications, events, turn } = deletion(deleted(FINALIZERS.resources, 'keep'), objects);
    expect(await turn()).toEqual({ kind: 'requeueAfter', ms: 1_000, reason: 'deleting 1 resource(s)' });
    expect(await turn()).toMatchObject({ kind: 'requeueAfter' });
    expect(memory.calls).toEqual(['prune ConfigMap/b', 'prune ConfigMap/a']);
    expect(memory.requests).toMatchObject([{ propagation: 'foreground', uid: 'uid-b' }, { uid: 'uid-a' }]);
    expect([applications.patches, events.recorded]).toEqual([[], []]);
    expect(await turn()).toEqual({ kind: 'done' });
    expect(applications.patches).toEqual([{ metadata: { finalizers: ['keep'] } }]);
    expect([...memory.objects.keys()]).toEqual(['/ConfigMap/web/stranger']);
    expect(events.recorded).toMatchObject([{ reason: 'ResourceDeleted' }]);
  });

  it('in the background is as the finalizer says', async () => {
    const { memory, turn } = deletion(deleted(FINALIZERS.resourcesBackground), [tracked('a')]);
    await turn();
    expect(memory.requests).toMatchObject([{ propagation: 'background' }]);
  });

  it('without a cascade finalizer touches nothing', async () => {
    const { memory, applications, turn } = deletion(deleted('somebody.else/finalizer'), [tracked('a')]);
    expect(await turn()).toEqual({ kind: 'done' });
    expect([memory.calls, applications.patches]).toEqual([[], []]);
  });

  it('waits for objects that are on their way out', async () => {
    const { metadata, ...rest } = tracked('a');
    const leaving = { ...rest, metadata: { ...metadata, deletionTimestamp: NOW } };
    const { memory, applications, turn } = deletion(deleted(FINALIZERS.resources), [leaving]);
    expect(await turn()).toEqual({
      ...{ kind: 'requeueAfter', ms: 1_000 },
      reason: expect.stringContaining('waiting for deletion of ConfigMap/web/a'),
    });
    expect([memory.calls, applications.patches]).toEqual([[], []]);
  });

  it('waits for an approval of Delete=confirm (D20)', async () => {
    const objects = [tracked('a', { [ANNOTATIONS.syncOptions]: 'Delete=confirm' })];
    const { memory, turn } = deletion(deleted(FINALIZERS.resources), objects);
    expect(await turn()).toMatchObject({
      kind: 'requeueAfter',
      reason: expect.stringContaining(ANNOTATIONS.deletionApproved),
    });
    expect(memory.calls).toEqual([]);
  });

  it('keeps what the project does not permit', async () => {
    const project: AppProject = {
      ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'default' } },
      spec: { destinations: [{ server: SERVER, namespace: 'other' }] },
    };
    const { memory, turn } = deletion(deleted(FINALIZERS.resources), [tracked('a')], {
      projects: { get: () => project },
    });
    expect(await turn()).toEqual({ kind: 'done' });
    expect(memory.calls).toEqual([]);
  });

  it('is done as the service account of the project (D46)', async () => {
    const destinationServiceAccounts = [{ server: '*', namespace: '*', defaultServiceAccount: 'deployer' }];
    const project = { ...PERMISSIVE, spec: { ...PERMISSIVE.spec, destinationServiceAccounts } };
    const { memory, turn } = deletion(deleted(FINALIZERS.resources), [tracked('a')], {
      projects: { get: () => project },
      settings: () => ({ ...SETTINGS, impersonation: { enabled: true, enforced: true } }),
    });
    await turn();
    expect([memory.calls, [...memory.writers]]).toEqual([
      ['prune ConfigMap/a'],
      ['system:serviceaccount:web:deployer'],
    ]);
  });

  it('deletes nothing while its project is gone, and says how to go on (design 9)', async () => {
    const { memory, applications, events, app, turn } = deletion(deleted(FINALIZERS.resources), [tracked('a')], {
      projects: { get: () => undefined },
    });
    const reason = expect.stringContaining('project default does not exist');
    expect(await turn()).toEqual({ kind: 'requeueAfter', ms: 10_000, reason });
    await turn();
    expect(memory.calls).toEqual([]);
    expect(app().metadata.finalizers).toEqual([FINALIZERS.resources]);
    expect(app().status?.conditions).toMatchObject([{ type: 'DeletionError', message: reason }]);
    expect([applications.patches.length, events.recorded.length]).toEqual([1, 1]);
  });

  it('does not let go while a kind that it has cannot be read (R15)', async () => {
    const resources = [{ group: '', kind: 'ConfigMap', namespace: 'web', name: 'a', version: 'v1' }];
    const { memory, app, turn } = deletion({ ...deleted(FINALIZERS.resources), status: { resources } }, []);
    memory.unreadable.set('/ConfigMap', 'forbidden');
    await expect(turn()).rejects.toMatchObject({ code: 'Upstream' });
    expect(app().metadata.finalizers).toEqual([FINALIZERS.resources]);
    expect(app().status?.conditions).toMatchObject([
      { type: 'DeletionError', message: expect.stringContaining('ConfigMap cannot be read (forbidden)') },
    ]);
    memory.unreadable.clear();
    expect(await turn()).toEqual({ kind: 'done' });
  });

  it('lets go when nobody knows the cluster any more (D51)', async () => {
    const gone = async () => {
      throw new GitOpsError('InvalidSpec', 'there is no such cluster');
    };
    const { memory, applications, turn } = deletion(deleted(FINALIZERS.resources), [tracked('a')], {
      clusters: { ...memoryCluster().clusters, for: gone },
    });
    expect(await turn()).toEqual({ kind: 'done' });
    expect([memory.calls, applications.patches]).toEqual([[], [{ metadata: { finalizers: [] } }]]);
  });

  it('waits for a cluster that does not answer now (R17)', async () => {
    const down = async () => {
      throw new GitOpsError('Upstream', 'cluster.test does not answer');
    };
    const { app, turn } = deletion(deleted(FINALIZERS.resources), [], {
      clusters: { ...memoryCluster().clusters, for: down },
    });
    await expect(turn()).rejects.toMatchObject({ code: 'Upstream' });
    expect(app().metadata.finalizers).toEqual([FINALIZERS.resources]);
    expect(app().status?.conditions).toMatchObject([
      { type: 'DeletionError', message: 'cluster.test does not answer' },
    ]);
  });
});

describe('hooks around the deletion (D08)', () => {
  const hook = (name: string, type: string, more: Record<string, string> = {}): KubernetesObject => ({
    ...{ apiVersion: 'batch/v1', kind: 'Job', spec: {} },
    metadata: { name, namespace: 'web', annotations: { [ANNOTATIONS.hook]: type, ...more } },
  });
  const inGit = (...objects: readonly KubernetesObject[]) => ({
    ...fixedManifests().answer,
    targets: objects.map((object) => ({ object, origin: 'a.yaml', sourceIndex: 0 })),
  });
  const ended = (type: 'Complete' | 'Failed') => ({
    conditions: [{ type, status: 'True', message: `it is ${type}` }],
  });
  const { preDelete, preDeleteCleanup, postDelete, postDeleteCleanup } = FINALIZERS;

  it('PreDelete hooks run to their end before anything is deleted, then go as their policy says', async () => {
    const app = deleted(preDelete, preDeleteCleanup, FINALIZERS.resources);
    const world = deletion(app, [tracked('a')]);
    world.manifests.answer = inGit(hook('before', 'PreDelete', { [ANNOTATIONS.hookDeletePolicy]: 'HookSucceeded' }));
    expect(await world.turn()).toMatchObject({ reason: 'created 1 hook(s)' });
    expect(await world.turn()).toMatchObject({ reason: 'waiting for PreDelete hook(s) Job web/before' });
    expect(world.memory.calls).toEqual(['apply Job/before']);
    world.memory.setStatus('batch/Job/web/before', ended('Complete'));
    await world.turn();
    expect(world.app().metadata.finalizers).toEqual([preDeleteCleanup, FINALIZERS.resources]);
    await world.turn();
    await world.turn();
    expect(world.app().metadata.finalizers).toEqual([FINALIZERS.resources]);
    expect(world.memory.calls).not.toContain('prune ConfigMap/a');
    await world.turn();
    await world.turn();
    expect(world.memory.calls.filter((call) => call.startsWith('prune'))).toEqual([
      'prune Job/before',
      'prune ConfigMap/a',
    ]);
    expect(world.app().metadata.finalizers).toEqual([]);
  });

  it('PostDelete hooks run after the resources are gone, and stay without a policy', async () => {
    const world = deletion(deleted(FINALIZERS.resources, postDelete, postDeleteCleanup), [tracked('a')]);
    world.manifests.answer = inGit(hook('after', 'PostDelete'));
    for (let turn = 0; turn < 3; turn++) await world.turn();
    expect(world.memory.calls).toEqual(['prune ConfigMap/a', 'apply Job/after']);
    world.memory.setStatus('batch/Job/web/after', ended('Complete'));
    await world.turn();
    await world.turn();
    expect(world.app().metadata.finalizers).toEqual([]);
    expect(world.memory.objects.get('batch/Job/web/after')?.metadata.finalizers).toEqual([]);
    expect(world.events.recorded).toMatchObject([{ reason: 'ResourceDeleted' }]);
  });

  it('a hook that failed is deleted, shown as DeletionError, and made anew from what Git has then', async () => {
    const world = deletion(deleted(preDelete, FINALIZERS.resources), [tracked('a')]);
    world.manifests.answer = inGit(hook('before', 'PreDelete'));
    await world.turn();
    world.memory.setStatus('batch/Job/web/before', ended('Failed'));
    expect(await world.turn()).toMatchObject({ kind: 'requeueAfter', ms: 10_000 });
    const message = expect.stringContaining('PreDelete hook(s) failed: Job web/before (it is Failed)');
    expect(world.app().status?.conditions).toMatchObject([{ type: 'DeletionError', message }]);
    expect(world.memory.objects.has('batch/Job/web/before')).toBe(false);
    expect(world.memory.objects.has('/ConfigMap/web/a')).toBe(true);
    expect(await world.turn()).toMatchObject({ reason: 'created 1 hook(s)' });
    const modes = world.manifests.requests.map(({ cacheMode }) => cacheMode);
    expect(modes).toEqual(['resolve', 'normal', 'resolve']);
  });

  it('an object of the same name from before the deletion is no run of the hook', async () => {
    const old = { ...stored(hook('before', 'PreDelete')), status: ended('Complete') };
    const world = deletion(deleted(preDelete), [old]);
    world.manifests.answer = inGit(hook('before', 'PreDelete'));
    await world.turn();
    await world.turn();
    expect(world.memory.calls).toEqual(['release Job/before', 'prune Job/before', 'apply Job/before']);
  });

  it('a hook that the project forbids is not created, and nothing is deleted (F03)', async () => {
    const spec = { ...PERMISSIVE.spec, namespaceResourceBlacklist: [{ group: 'batch', kind: 'Job' }] };
    const world = deletion(deleted(preDelete, FINALIZERS.resources), [tracked('a')], {
      projects: { get: () => ({ ...PERMISSIVE, spec }) },
    });
    world.manifests.answer = inGit(hook('before', 'PreDelete'));
    expect(await world.turn()).toMatchObject({
      reason: expect.stringContaining('does not permit the hook(s) Job/before'),
    });
    expect(world.memory.calls).toEqual([]);
  });

  it('needs Git; while it is away nothing is deleted and the reason is shown (R8)', async () => {
    const world = deletion(deleted(preDelete, FINALIZERS.resources), [tracked('a')]);
    world.manifests.answer = new GitOpsError('Upstream', 'git.test does not answer');
    await expect(world.turn()).rejects.toMatchObject({ code: 'Upstream' });
    expect(world.memory.calls).toEqual([]);
    expect(world.app().status?.conditions).toMatchObject([{ type: 'DeletionError' }]);
  });

  it('does not matter for a cluster that nobody knows any more (D51)', async () => {
    const gone = async () => {
      throw new GitOpsError('InvalidSpec', 'there is no such cluster');
    };
    const world = deletion(deleted(preDelete, FINALIZERS.resources, postDeleteCleanup, 'keep'), [], {
      clusters: { ...memoryCluster().clusters, for: gone },
    });
    await world.turn();
    expect(world.app().metadata.finalizers).toEqual(['keep']);
  });
});
