import { GitOpsError, type Operation } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap, SHA_A, SHA_B } from '../testing/builders.js';
import { world } from '../testing/world.js';

describe('a commit from memory, while the Git host is away (design 9)', () => {
  const retry = { limit: 3, backoff: { duration: '10s' } };
  const unpinned: Operation = { sync: {}, retry };
  const stale = (revision: string) => ({ stale: true, revisions: [revision] });

  it('is not deployed by a retry when the attempt before it had another one', async () => {
    const { operate, cluster, clock, commit, app } = world(application({ operation: unpinned }), {
      git: [configMap('a')],
    });
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
    const { operate, commit } = world(application({ operation: unpinned, status }), { git: [configMap('a')] });
    commit([configMap('a')], stale(SHA_A));
    await expect(operate()).rejects.toMatchObject({ code: 'Upstream' });
    commit([configMap('a')], stale(SHA_B));
    expect(await operate()).toEqual({ kind: 'done' });
  });

  it('does not matter when the host answers: a ref that was moved back is followed', async () => {
    const { operate, cluster, clock, commit, manifests, app } = world(application({ operation: unpinned }), {
      git: [configMap('a')],
    });
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
