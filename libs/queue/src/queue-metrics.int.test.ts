import { GitOpsError } from '@tiphys/model';
import { createMetrics, silentLogger } from '@tiphys/runtime';
import { eventually, metricSamples, sharedRedis, uniqueName } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { createKeyedQueue, createQueueMetrics, createReconcilerRunner, type Reconciler } from './index.js';
import { DONE, gate } from './testing/reconciling.js';

describe('metrics of a queue (M01)', () => {
  it('count keys, waits, work and retries, and show the depth while Redis answers', async () => {
    const metrics = createMetrics({ processMetrics: false });
    const counted = createQueueMetrics(metrics)('app_reconciliation_queue');
    const { host, port, password } = await sharedRedis();
    const connection = { host, port, password: () => password };
    const queue = createKeyedQueue({
      name: uniqueName('queue'),
      connection,
      log: silentLogger,
      onAdded: counted.onAdded,
    });
    counted.watch(queue);
    const work = gate();
    let failures = 1;
    const reconcile: Reconciler = async (key) => {
      if (key === 'a/fails' && failures-- > 0) throw new GitOpsError('Upstream', 'down');
      if (key === 'a/waits') await work.opened;
      return DONE;
    };
    const { onStarted, onSettled } = counted;
    const runner = createReconcilerRunner(queue, {
      ...{ reconcile, concurrency: 10, onStarted, onSettled, retryDelay: () => 1 },
    });
    await runner.start();
    await queue.enqueueMany(['a/fails', 'a/waits'].map((key) => ({ key, priority: 'person' as const })));
    const shown = async (name: string) => metricSamples(await metrics.render(), name)[0]?.split(' ')[1];
    await eventually(async () => expect(await shown('workqueue_work_duration_seconds_count')).toBe('2'));
    expect(await shown('workqueue_retries_total')).toBe('1');
    expect(Number(await shown('workqueue_longest_running_processor_seconds'))).toBeGreaterThan(0);
    expect(await shown('workqueue_depth')).toBe('0');
    work.open();
    await eventually(async () => expect(await shown('workqueue_unfinished_work_seconds')).toBe('0'));
    expect(await shown('workqueue_queue_duration_seconds_count')).toBe('3');
    expect(Number(await shown('workqueue_adds_total'))).toBeGreaterThanOrEqual(3);
    await runner.stop(1_000);
    await queue.close();
    expect(await shown('workqueue_depth')).toBeUndefined();
    expect(await shown('workqueue_retries_total')).toBe('1');
  });
});
