/** What an operation records of a sync, and what becomes of its hook objects. */
import { FINALIZERS } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { configMap, job, runSync, synced } from './sync-run.test-support.js';

describe('results', () => {
  it('tells what was written, what was equal and what was kept', () => {
    const run = runSync({
      targets: [configMap('equal'), configMap('new')],
      live: [synced(configMap('equal')), configMap('kept', { options: 'Prune=false' }), configMap('old')],
    });
    const results = run.state.syncResult?.resources ?? [];
    expect(Object.fromEntries(results.map(({ name, status, message }) => [name, `${status}: ${message}`]))).toEqual({
      equal: 'Synced: unchanged',
      kept: 'PruneSkipped: ignored (no prune)',
      new: 'Synced: applied',
      old: 'Pruned: pruned',
    });
  });

  it('leaves no hook with our finalizer behind (D06)', () => {
    const run = runSync({ targets: [job('before', { hook: 'PreSync' }), job('after', { hook: 'PostSync' })] });
    expect(run.live).toHaveLength(2);
    expect(run.live.flatMap(({ metadata }) => metadata.finalizers ?? [])).not.toContain(FINALIZERS.hook);
  });

  it('names generateName hooks after revision, phase and start (D04)', () => {
    const { metadata, ...hook } = job('x', { hook: 'PreSync' });
    const { name: _, ...unnamed } = metadata;
    const annotations = { ...metadata.annotations, 'argocd.argoproj.io/tracking-id': 'app:batch/Job:ns/' };
    const run = runSync({ targets: [{ ...hook, metadata: { ...unnamed, annotations, generateName: 'migrate-' } }] });
    expect(run.log[0]).toBe('PreSync 0: Job/migrate-0123456-presync-1767225600');
    expect(run.live[0]?.metadata.annotations?.['argocd.argoproj.io/tracking-id']).toBe(
      'app:batch/Job:ns/migrate-0123456-presync-1767225600',
    );
    expect(run.phase).toBe('Succeeded');
  });
});
