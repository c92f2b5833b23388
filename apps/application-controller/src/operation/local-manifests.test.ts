import type { Operation } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap, SHA_B } from '../testing/builders.js';
import { world } from '../testing/world.js';

const operation = (...manifests: readonly string[]): Operation => ({ sync: { manifests: [...manifests] } });

describe('local manifests (A17)', () => {
  it('take the place of those of Git, tracked like them, and have no revision', async () => {
    const app = application({ operation: operation(JSON.stringify(configMap('local'))) });
    const { operate, app: after, cluster, manifests } = world(app, { git: [configMap('git')] });
    expect(await operate()).toEqual({ kind: 'done' });
    expect(cluster.calls).toEqual(['apply ConfigMap/local']);
    expect(manifests.requests).toEqual([]);
    expect(after()?.status?.operationState).toMatchObject({ phase: 'Succeeded', syncResult: { revision: '' } });
    expect(cluster.objects.get('/ConfigMap/web/local')?.metadata.annotations).toEqual({
      'argocd.argoproj.io/tracking-id': 'guestbook:/ConfigMap:web/local',
    });
  });

  it('that are no JSON end the operation with the one that is not', async () => {
    const app = application({ operation: operation(JSON.stringify(configMap('a')), 'kind: ConfigMap') });
    const { operate, app: after, cluster } = world(app);
    expect(await operate()).toEqual({ kind: 'done' });
    expect(cluster.calls).toEqual([]);
    expect(after()?.status?.operationState).toMatchObject({
      ...{ phase: 'Error', message: expect.stringContaining('operation.sync.manifests[1] is not JSON') },
    });
  });

  it('do not mind which commit was known', async () => {
    const status = { sync: { status: 'Synced', revision: SHA_B } } as const;
    const app = application({ status, operation: operation(JSON.stringify(configMap('local'))) });
    expect(await world(app).operate()).toEqual({ kind: 'done' });
  });
});
