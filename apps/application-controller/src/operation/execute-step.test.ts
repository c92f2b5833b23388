import { type SyncTask, syncResultKey } from '@tiphys/gitops-engine';
import { FINALIZERS, GitOpsError, type KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { configMap, stored, syncTask } from '../testing/builders.js';
import { type MemoryCluster, memoryCluster } from '../testing/memory-cluster.js';
import { type ExecutableStep, executeStep } from './execute-step.js';

const { signal } = new AbortController();
const applyStep = (...tasks: readonly SyncTask[]): ExecutableStep => ({ kind: 'apply', phase: 'Sync', wave: 0, tasks });

async function execute(memory: MemoryCluster, step: ExecutableStep, stop: AbortSignal = signal) {
  const outcomes = await executeStep(memory, step, { cluster: memory.destination, signal: stop });
  return outcomes.map(({ task, code, message }) => [task.key.name, code, message]);
}

describe('an apply', () => {
  it.each<{ name: string; live: KubernetesObject | undefined; message: string }>([
    { name: 'creates what is missing', live: undefined, message: 'configmap/a created' },
    { name: 'configures what is there', live: stored(configMap('a')), message: 'configmap/a configured' },
  ])('$name, and answers with the object as it is now', async ({ live, message }) => {
    const memory = memoryCluster(...(live === undefined ? [] : [live]));
    const task = syncTask(configMap('a'), { live });
    const [outcome] = await executeStep(memory, applyStep(task), { cluster: memory.destination, signal });
    expect(outcome).toEqual({ task, code: 'Synced', message, live: memory.objects.get('/ConfigMap/web/a') });
    expect(memory.requests[0]).toMatchObject({ dryRun: false, serverSide: true, replace: false, force: false, live });
  });

  it('passes the options of the resource on', async () => {
    const memory = memoryCluster();
    const { options } = syncTask(configMap('a'));
    const wanted = {
      serverSideApply: false,
      replace: true,
      force: true,
      validate: false,
      clientSideApplyMigration: false,
    };
    await execute(memory, applyStep(syncTask(configMap('a'), { options: { ...options, ...wanted } })));
    expect(memory.requests[0]).toMatchObject({
      ...{ serverSide: false, replace: true, force: true, validate: false, migrateClientSideApply: false },
    });
  });

  it('a refusal is the outcome of its resource; what comes later in the step is not tried', async () => {
    const memory = memoryCluster();
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'web' } };
    memory.failures.set('apply Namespace/web', new GitOpsError('PermissionDenied', 'https://u:pass@host says no'));
    const outcomes = await execute(memory, applyStep(syncTask(namespace), syncTask(configMap('a'))));
    expect(outcomes).toEqual([['web', 'SyncFailed', expect.stringContaining('says no')]]);
    expect(outcomes[0]?.[2]).not.toContain('pass');
    expect(memory.calls).toEqual(['apply Namespace/web']);
  });

  it('resources of one kind do not stop each other', async () => {
    const memory = memoryCluster();
    memory.failures.set('apply ConfigMap/a', new GitOpsError('InvalidSpec', 'a is invalid'));
    const outcomes = await execute(memory, applyStep(syncTask(configMap('a')), syncTask(configMap('b'))));
    expect(outcomes).toEqual([
      ['a', 'SyncFailed', 'a is invalid'],
      ['b', 'Synced', 'configmap/b created'],
    ]);
  });

  it('a cluster that does not answer is no refusal: the turn is thrown, to be tried again (R17)', async () => {
    const memory = memoryCluster();
    memory.failures.set('apply ConfigMap/a', new GitOpsError('Upstream', 'cluster.test does not answer'));
    await expect(execute(memory, applyStep(syncTask(configMap('a'))))).rejects.toMatchObject({ code: 'Upstream' });
  });

  it('a worker that was stopped records no failures (R11)', async () => {
    const memory = memoryCluster();
    memory.failures.set('apply ConfigMap/a', new Error('aborted'));
    const stopped = AbortSignal.abort();
    await expect(execute(memory, applyStep(syncTask(configMap('a'))), stopped)).rejects.toThrow('aborted');
  });

  it('never writes more than ten objects at a time', async () => {
    const memory = memoryCluster();
    let active = 0;
    let most = 0;
    const writer: MemoryCluster['writer'] = {
      ...memory.writer,
      async apply(cluster, object, options) {
        most = Math.max(most, ++active);
        await Promise.resolve();
        active--;
        return memory.writer.apply(cluster, object, options);
      },
    };
    const tasks = Array.from({ length: 25 }, (_, index) => syncTask(configMap(`c${index}`)));
    const outcomes = await executeStep({ writer }, applyStep(...tasks), { cluster: memory.destination, signal });
    expect({ most, done: outcomes.length }).toEqual({ most: 10, done: 25 });
  });
});

describe('a prune', () => {
  it('deletes the very object that was compared, as the option says', async () => {
    const live = stored(configMap('a'));
    const memory = memoryCluster(live);
    const { options } = syncTask(live);
    const task = syncTask(live, { kind: 'prune', live, options: { ...options, prunePropagationPolicy: 'background' } });
    expect(await execute(memory, applyStep(task))).toEqual([['a', 'Pruned', 'pruned']]);
    expect(memory.requests).toMatchObject([{ propagation: 'background', uid: 'uid-a' }]);
    expect(memory.objects.size).toBe(0);
  });
});

describe('a dry run', () => {
  const dryRun = (...tasks: readonly SyncTask[]): ExecutableStep => ({ kind: 'dryRun', tasks });

  it('writes nothing', async () => {
    const memory = memoryCluster();
    expect(await execute(memory, dryRun(syncTask(configMap('a'))))).toEqual([
      ['a', 'Synced', 'configmap/a created (dry run)'],
    ]);
    expect({ calls: memory.calls, objects: memory.objects.size }).toEqual({
      calls: ['dry run ConfigMap/a'],
      objects: 0,
    });
  });

  it('says what a prune, and a write that the server cannot judge yet, would do (D33)', async () => {
    const live = stored(configMap('old'));
    const memory = memoryCluster(live);
    const tasks = [syncTask(live, { kind: 'prune', live }), syncTask(configMap('new'), { skipDryRun: true })];
    expect(await execute(memory, dryRun(...tasks))).toEqual([
      ['old', 'Pruned', 'pruned (dry run)'],
      ['new', 'Synced', 'configmap/new created (dry run)'],
    ]);
    expect([memory.calls, memory.objects.size]).toEqual([[], 1]);
  });

  it.each([
    { kind: 'known', option: true, asked: true },
    { kind: 'unknown', option: true, asked: false },
    { kind: 'unknown', option: false, asked: true },
  ])(
    'SkipDryRunOnMissingResource=$option and a kind that is $kind: asked is $asked (D21)',
    async ({ kind, option, asked }) => {
      const memory = memoryCluster();
      if (kind === 'unknown') memory.unknownKinds.add('Widget');
      const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'web' } };
      const { options } = syncTask(widget);
      const task = syncTask(widget, { options: { ...options, skipDryRunOnMissingResource: option } });
      const [outcome] = await execute(memory, dryRun(task));
      expect(outcome?.[1]).toBe('Synced');
      expect(memory.calls).toEqual(asked ? ['dry run Widget/w'] : []);
    },
  );
});

describe('hooks', () => {
  const held = stored({
    ...{ apiVersion: 'batch/v1', kind: 'Job' },
    metadata: { name: 'migrate', namespace: 'web', finalizers: [FINALIZERS.hook, 'other'] },
  });
  const task = syncTask(held, { hookType: 'PreSync', phase: 'PreSync', live: held });

  it('are released before they are deleted, or our finalizer would hold them for ever (D06)', async () => {
    const memory = memoryCluster(held);
    expect(await execute(memory, { kind: 'deleteHooks', tasks: [task] })).toEqual([
      ['migrate', 'Pruned', 'hook deleted'],
    ]);
    expect(memory.calls).toEqual(['release Job/migrate', 'prune Job/migrate']);
    expect(memory.requests).toMatchObject([{ propagation: 'background' }]);
  });
  it('that stay lose our finalizer only', async () => {
    const memory = memoryCluster(held);
    const [outcome] = await executeStep(
      memory,
      { kind: 'releaseHooks', tasks: [task] },
      { cluster: memory.destination, signal },
    );
    expect(outcome?.live?.metadata.finalizers).toEqual(['other']);
  });
  it('that are gone already are no failure', async () => {
    expect(await execute(memoryCluster(), { kind: 'releaseHooks', tasks: [task] })).toEqual([
      ['migrate', 'Synced', 'hook released'],
    ]);
  });
});

it('every task of a step has one outcome', async () => {
  const tasks = ['a', 'b', 'c'].map((name) => syncTask(configMap(name)));
  const memory = memoryCluster();
  const outcomes = await executeStep(memory, applyStep(...tasks), { cluster: memory.destination, signal });
  expect(outcomes.map((outcome) => syncResultKey(outcome.task)).sort()).toEqual(tasks.map(syncResultKey).sort());
});
