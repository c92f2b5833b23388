/** Runs the polls: each followed ref has its own due time with jitter; one timer waits for the earliest. */
import type { Application } from '@tiphys/model';
import type { KeyedQueue } from '@tiphys/queue';
import { type Clock, createSemaphore, type Logger } from '@tiphys/runtime';
import type { ControllerSettings, ManifestSource } from '../ports.js';
import { type FollowedRef, followedRefs, staleFollowers } from './revision-poller.js';

/** How often the set of followed refs is looked at again; pure in-memory work. */
const MAX_WAIT_MS = 10_000;
const MIN_WAIT_MS = 100;
const CONCURRENT_POLLS = 4;

export interface PollLoopDeps {
  readonly applications: () => readonly Application[];
  readonly manifests: Pick<ManifestSource, 'resolveRevision'>;
  readonly queue: Pick<KeyedQueue, 'enqueueMany'>;
  readonly settings: () => Pick<ControllerSettings, 'pollIntervalMs' | 'pollJitterMs'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface PollLoop {
  start(signal: AbortSignal): void;
  stop(): void;
}

export function createPollLoop(deps: PollLoopDeps): PollLoop {
  const dueAt = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function arm(signal: AbortSignal): void {
    if (stopped) return;
    const now = deps.clock.now().getTime();
    const wait = Math.max(MIN_WAIT_MS, Math.min(...dueAt.values(), now + MAX_WAIT_MS) - now);
    timer = setTimeout(() => {
      pollDue(deps, dueAt, signal)
        .catch((error: unknown) => deps.log.error('poll turn failed', { error }))
        .finally(() => arm(signal));
    }, wait);
    timer.unref();
  }

  return {
    start(signal) {
      stopped = false;
      arm(signal);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** One turn: polls what is due. `dueAt` holds the next time of each followed ref. */
export async function pollDue(deps: PollLoopDeps, dueAt: Map<string, number>, signal: AbortSignal): Promise<void> {
  const refs = deps.settings().pollIntervalMs > 0 ? followedRefs(deps.applications()) : [];
  const followed = new Set(refs.map((ref) => ref.id));
  for (const id of dueAt.keys()) if (!followed.has(id)) dueAt.delete(id);
  const now = deps.clock.now().getTime();
  // A ref seen for the first time is due after one interval: its applications resolve it themselves at first.
  for (const { id } of refs) if (!dueAt.has(id)) dueAt.set(id, now + intervalWithJitter(deps));
  const due = refs.filter(({ id }) => (dueAt.get(id) ?? now) <= now);
  // A host that hangs takes one place until its time is up; the others go on in the rest.
  const places = createSemaphore(CONCURRENT_POLLS);
  await Promise.all(due.map((ref) => places.run(() => poll(deps, ref, signal), signal)));
  for (const { id } of due) dueAt.set(id, deps.clock.now().getTime() + intervalWithJitter(deps));
}

function intervalWithJitter({ settings, random }: PollLoopDeps): number {
  const { pollIntervalMs, pollJitterMs } = settings();
  return pollIntervalMs + Math.floor(random() * pollJitterMs);
}

async function poll(deps: PollLoopDeps, ref: FollowedRef, signal: AbortSignal): Promise<void> {
  try {
    const commit = await deps.manifests.resolveRevision(ref.app, ref.source, signal);
    const stale = staleFollowers(ref, commit);
    if (stale.length > 0) await deps.queue.enqueueMany(stale);
  } catch (error) {
    if (!signal.aborted)
      deps.log.warn('poll failed; the last good revision is kept', { repoURL: ref.source.repoURL, error });
  }
}
