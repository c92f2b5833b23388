/** Merging what is enqueued for one key at once, before it goes to Redis. */
import { type Enqueue, PRIORITIES, type QueueRequest } from './ports.js';

/** One entry per key, in the order of first appearance: the strongest priority, each part of the request by maximum. */
export function mergeEntries(entries: readonly Enqueue[]): readonly Enqueue[] {
  const byKey = new Map<string, Enqueue>();
  for (const entry of entries) {
    const known = byKey.get(entry.key);
    byKey.set(entry.key, known === undefined ? entry : mergeTwo(known, entry));
  }
  return [...byKey.values()];
}

function mergeTwo(a: Enqueue, b: Enqueue): Enqueue {
  const priority = PRIORITIES[a.priority] <= PRIORITIES[b.priority] ? a.priority : b.priority;
  const request = mergeRequests(a.request, b.request);
  return { key: a.key, priority, ...(request === undefined ? {} : { request }) };
}

function mergeRequests(a: QueueRequest | undefined, b: QueueRequest | undefined): QueueRequest | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    level: Math.max(a.level, b.level),
    hardness: Math.max(a.hardness, b.hardness),
    since: Math.max(a.since, b.since),
  };
}
