import type { ComparisonResult, ManagedResource, WindowDecision } from '@tiphys/gitops-engine';
import { ANNOTATIONS, type Application } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import {
  application,
  configMap,
  managedResource,
  NOW,
  operationState,
  SETTINGS,
  SHA_A,
  SHA_B,
  specOf,
  stored,
} from '../testing/builders.js';
import { nextAutoSync } from './auto-sync.js';

const OPEN: WindowDecision = { allowed: true, reason: '' };
const NOTHING = { conditions: [], patch: undefined, operation: undefined, starts: undefined, retryAfterMs: undefined };
const automated = { automated: { prune: true, selfHeal: true } };
const started = { sync: { revision: SHA_A, prune: true }, initiatedBy: { automated: true }, retry: { limit: 5 } };
const missing = managedResource(configMap('a'));

function decide(app: Application, resources: readonly ManagedResource[] = [missing], window = OPEN) {
  const result = { syncStatus: 'OutOfSync', resources, conditions: [] } as unknown as ComparisonResult;
  return nextAutoSync(
    app,
    { result, revisions: [SHA_A] },
    { settings: SETTINGS, window, pruneLimits: {}, now: new Date(NOW) },
  );
}

/** The last operation synced `revision` and ended at NOW. */
const after = (phase: 'Succeeded' | 'Failed', revision: string, message = '') => ({
  operationState: operationState({
    operation: { sync: { revision, autoHealAttemptsCount: 1 } },
    ...{ phase, message, finishedAt: NOW },
    syncResult: { revision, source: specOf().source ?? { repoURL: '' } },
  }),
});

describe('the auto-sync decision', () => {
  it.each([
    { name: 'without automated sync nothing starts', app: application(), expected: NOTHING },
    {
      name: 'a new revision is synced',
      app: application({ spec: specOf({ syncPolicy: automated }) }),
      expected: { ...NOTHING, operation: started, starts: 'new revision', patch: { operation: started } },
    },
    {
      name: 'the ref has left the revision of the rollback hold: the hold goes in the same write',
      app: application({
        metadata: { annotations: { [ANNOTATIONS.rollbackHold]: SHA_B } },
        spec: specOf({ syncPolicy: automated }),
      }),
      expected: {
        ...NOTHING,
        ...{ operation: started, starts: 'new revision' },
        patch: { operation: started, metadata: { annotations: { [ANNOTATIONS.rollbackHold]: null } } },
      },
    },
    {
      name: 'the rollback hold holds',
      app: application({
        metadata: { annotations: { [ANNOTATIONS.rollbackHold]: SHA_A } },
        spec: specOf({ syncPolicy: automated }),
      }),
      expected: NOTHING,
    },
    {
      name: 'drift right after a heal waits for the self-heal back-off (D38)',
      app: application({ spec: specOf({ syncPolicy: automated }), status: after('Succeeded', SHA_A) }),
      expected: { ...NOTHING, retryAfterMs: 2_000 },
    },
    {
      name: 'a revision that failed is shown and not tried again',
      app: application({
        spec: specOf({ syncPolicy: automated }),
        status: after('Failed', SHA_A, 'no such namespace'),
      }),
      expected: {
        ...NOTHING,
        conditions: [{ type: 'SyncError', message: `Failed last sync attempt to ${SHA_A}: no such namespace` }],
      },
    },
    {
      name: 'an automated sync that waits for its retry shows why',
      app: application({
        spec: specOf({ syncPolicy: automated }),
        operation: { initiatedBy: { automated: true } },
        status: { operationState: operationState({ finishedAt: NOW, message: 'no such namespace. Retrying' }) },
      }),
      expected: { ...NOTHING, conditions: [{ type: 'SyncError', message: 'no such namespace. Retrying' }] },
    },
    {
      name: 'an operation of a person that waits for its retry is no SyncError',
      app: application({
        spec: specOf({ syncPolicy: automated }),
        operation: { initiatedBy: { username: 'jane' } },
        status: { operationState: operationState({ finishedAt: NOW, message: 'Retrying' }) },
      }),
      expected: NOTHING,
    },
  ])('$name', ({ app, expected }) => {
    expect(decide(app)).toEqual(expected);
  });

  it('a closed sync window starts nothing (D47)', () => {
    const app = application({ spec: specOf({ syncPolicy: automated }) });
    expect(decide(app, [missing], { allowed: false, reason: 'deny window' })).toEqual(NOTHING);
  });

  it('drift a while after the sync heals only what drifted (D37)', () => {
    const finishedAt = '2025-12-31T23:59:50Z';
    const { operationState: last } = after('Succeeded', SHA_A);
    const app = application({
      spec: specOf({ syncPolicy: automated }),
      status: { operationState: { ...last, finishedAt } },
    });
    const equal = managedResource(configMap('b'), { status: 'Synced', live: stored(configMap('b')) });
    const next = decide(app, [missing, equal]);
    expect(next.starts).toBe('self-heal');
    expect(next.operation?.sync?.resources).toEqual([{ kind: 'ConfigMap', name: 'a', namespace: 'web' }]);
  });
});
