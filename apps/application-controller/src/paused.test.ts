import { ANNOTATIONS, type Application } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap, NOW, SERVER } from './testing/builders.js';
import { type WorldOptions, world } from './testing/world.js';

const annotated = { annotations: { [ANNOTATIONS.skipReconcile]: 'true' } };
const git: WorldOptions = { git: [configMap('a')] };

function pausedCluster(app: Application) {
  const it = world(app, git);
  const identify = () => ({ server: SERVER, name: 'test', skipReconcile: true });
  Object.assign(it.deps, { clusters: { ...it.deps.clusters, identify } });
  return it;
}

describe.each([
  {
    name: 'an application with skip-reconcile (A25)',
    make: (app: Application) => world(app, git),
    metadata: annotated,
  },
  { name: 'an application of a cluster with skip-reconcile (H07)', make: pausedCluster, metadata: {} },
])('$name', ({ make, metadata }) => {
  it('is not synced, even when an operation is set', async () => {
    const { operate, applications, cluster } = make(application({ metadata, operation: { sync: {} } }));
    expect(await operate()).toEqual({ kind: 'done' });
    expect([applications.patches, cluster.calls]).toEqual([[], []]);
  });

  it('is not compared', async () => {
    const { refresh, applications, manifests } = make(application({ metadata }));
    expect(await refresh()).toMatchObject({ kind: 'done' });
    expect([applications.patches, manifests.requests]).toEqual([[], []]);
  });

  it('is not deleted', async () => {
    const { operate, deletions } = make(application({ metadata: { ...metadata, deletionTimestamp: NOW } }));
    expect(await operate()).toEqual({ kind: 'done' });
    expect(deletions).toEqual([]);
  });
});
