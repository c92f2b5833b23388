/** BullMQ: keyed queue and reconciler runner. */
export { createKeyedQueue, type QueueSettings, type RunnableQueue } from './keyed-queue.js';
export * from './ports.js';
export { createQueueMetrics, type QueueMetrics } from './queue-metrics.js';
export { createReconcilerRunner } from './runner.js';
