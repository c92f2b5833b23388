import {
  ANNOTATIONS,
  type Application,
  type AppProject,
  FINALIZERS,
  GitOpsError,
  type KubernetesObject,
} from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap, NOW, SERVER, stored } from '../testing/builders.js';
import { memoryApplications } from '../testing/memory-applications.js';
import { memoryCluster } from '../testing/memory-cluster.js';
import { recordingEvents, recordingViews } from '../testing/recording-ports.js';
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
  const reconcile = createDeletionReconciler({
    ...{ applications, events, clusters: memory.clusters, writer: memory.writer },
    ...{ projects: { get: () => undefined }, views: recordingViews(), namespace: 'argocd' },
    ...more,
  });
  return { memory, applications, events, turn: () => reconcile(app, signal) };
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
    const { applications, turn } = deletion(deleted(FINALIZERS.resources), [], {
      clusters: { ...memoryCluster().clusters, for: down },
    });
    await expect(turn()).rejects.toMatchObject({ code: 'Upstream' });
    expect(applications.patches).toEqual([]);
  });
});
