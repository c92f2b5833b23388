/** From events to entries in the refresh queue, after the sender has its answer: bounded, spread, urgent ones first. */
import { setImmediate as afterAnswer } from 'node:timers/promises';
import type { AuthenticatedCache } from '@tiphys/cache';
import {
  ANNOUNCED_REVISION_TTL_MS,
  type AnnouncedRevision,
  isOvertaken,
  normalizeGitUrl,
  parseAnnouncedRevision,
} from '@tiphys/model';
import type { Enqueue, KeyedQueue } from '@tiphys/queue';
import { type Clock, createSemaphore, type Logger } from '@tiphys/runtime';
import type { WebhookSettings } from '@tiphys/settings';
import type { RepositoryIndex } from '../../applications/repository-index.js';
import { ApiError } from '../../errors.js';
import type { ApiMetrics } from '../../plugins/metrics.js';
import type { WebhookEvent } from './events.js';
import { type Affected, affectedBy } from './push.js';
import { batchesOf } from './spread.js';

export interface DispatchDeps {
  readonly index: RepositoryIndex;
  readonly queue: Pick<KeyedQueue, 'enqueueMany' | 'enqueueManyAfter'>;
  /** For what was announced about revisions; the controller reads it. */
  readonly cache: Pick<AuthenticatedCache, 'getJson' | 'setJson'>;
  readonly settings: { webhook(): WebhookSettings };
  readonly metrics: Pick<ApiMetrics, 'webhookEvent' | 'webhookHandlers' | 'webhookCarryOver'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface Delivery {
  readonly provider: string;
  readonly events: readonly WebhookEvent[];
}

/** What has arrived and is not in the queue yet, at most: Redis may be away. */
const MAX_WAITING = 1_000;

/**
 * Accepts a delivery; what cannot be enqueued is found by the next poll.
 * @throws ApiError unavailable when too many wait.
 */
export function createDispatcher(deps: DispatchDeps): (delivery: Delivery) => void {
  const waiting: Delivery[] = [];
  let running = 0;
  const runNext = (): void => {
    while (running < deps.settings.webhook().parallelism) {
      const next = waiting.shift();
      if (next === undefined) return;
      running += 1;
      void handle(deps, next).finally(() => {
        running -= 1;
        runNext();
      });
    }
  };
  return (delivery) => {
    if (waiting.length >= MAX_WAITING) {
      const text = `${MAX_WAITING} webhooks wait for Redis: send it again later`;
      throw new ApiError('unavailable', text, { 'retry-after': '30' });
    }
    waiting.push(delivery);
    runNext();
  };
}

async function handle(deps: DispatchDeps, { provider, events }: Delivery): Promise<void> {
  const arrivedAt = deps.clock.now().getTime();
  deps.metrics.webhookHandlers(1);
  try {
    for (const event of events) {
      await afterAnswer();
      await refresh(deps, { provider, event, arrivedAt });
    }
  } catch (error) {
    deps.log.error('webhook not enqueued: the applications are refreshed by the next poll', { provider, error });
  } finally {
    deps.metrics.webhookHandlers(-1);
  }
}

interface Arrived {
  readonly provider: string;
  readonly event: WebhookEvent;
  readonly arrivedAt: number;
}

async function refresh(deps: DispatchDeps, { provider, event, arrivedAt }: Arrived): Promise<void> {
  const affected = affectedBy(event, deps.index.find(event.repositoryUrls), arrivedAt);
  const { entries } = affected;
  // The address of a stranger's payload never becomes a label.
  const repository = affected.repository === undefined ? 'other' : normalizeGitUrl(affected.repository);
  const named = event.kind === 'push' ? { ref: event.ref } : { tag: event.tag, digest: event.digest };
  const url = event.repositoryUrls[0];
  deps.log.info('webhook', { provider, repository: url, ...named, applications: entries.length });
  deps.metrics.webhookEvent(repository);
  if (entries.length === 0) return;
  await announce(deps, affected);
  const carriedOver = entries.filter(({ priority }) => priority === 'dependency').length;
  try {
    await enqueue(deps, entries);
    deps.metrics.webhookCarryOver(repository, { successful: true, count: carriedOver });
  } catch (error) {
    deps.metrics.webhookCarryOver(repository, { successful: false, count: carriedOver });
    throw error;
  }
}

/** Before the entries: whoever takes one up shall know what to wait for. Without it nobody waits. */
async function announce({ cache, log }: DispatchDeps, { announced }: Affected): Promise<void> {
  const keep = async ([key, revision]: readonly [string, AnnouncedRevision]): Promise<void> => {
    const held = await cache.getJson(key, parseAnnouncedRevision);
    if (held !== undefined && isOvertaken(revision, held)) return;
    await cache.setJson(key, revision, ANNOUNCED_REVISION_TTL_MS);
  };
  await Promise.all([...announced].map(keep)).catch((error: unknown) => {
    log.warn('what the webhook announced was not kept: nobody waits until the Git host serves it', { error });
  });
}

async function enqueue({ queue, settings, random }: DispatchDeps, entries: readonly Enqueue[]): Promise<void> {
  const { refreshWorkers, ...spread } = settings.webhook();
  const workers = createSemaphore(refreshWorkers);
  const batches = batchesOf(entries, { ...spread, random });
  const writes = batches.map(({ entries: batch, afterMs }) =>
    workers.run(() => (afterMs === 0 ? queue.enqueueMany(batch) : queue.enqueueManyAfter(batch, afterMs))),
  );
  await Promise.all(writes);
}
