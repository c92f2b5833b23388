/** Runs the polls: each followed ref has its own due time with jitter; one timer waits for the earliest. */
import type { Application } from '@tiphys/model';
import type { KeyedQueue } from '@tiphys/queue';
import type { Clock, Logger } from '@tiphys/runtime';
import type { ControllerSettings, ManifestSource } from '../ports.js';
import { type FollowedRef, followedRefs, staleFollowers } from './revision-poller.js';

/** How often the set of followed refs is looked at again; pure in-memory work. */
const MAX_WAIT_MS = 30_000;
const CONCURRENT_POLLS = 4;

export interface PollLoopDeps {
  readonly applications: () => readonly Application[];
  readonly manifests: Pick<ManifestSource, 'resolveRevision'>;
  readonly queue: KeyedQueue;
  readonly settings: () => Pick<ControllerSettings, 'pollIntervalMs' | 'pollJitterMs'>;
  readonly clock: Clock;
  readonly log: Logger;
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

  async function turn(signal: AbortSignal): Promise<void> {
    const { pollIntervalMs } = deps.settings();
    const refs = pollIntervalMs > 0 ? followedRefs(deps.applications()) : [];
    const now = deps.clock.now().getTime();
    forgetUnfollowed(refs);
    const due = refs.filter((ref) => schedule(ref.id, now) <= now);
    for (let start = 0; start < due.length; start += CONCURRENT_POLLS) {
      await Promise.all(due.slice(start, start + CONCURRENT_POLLS).map((ref) => poll(ref, signal)));
    }
    for (const ref of due) dueAt.set(ref.id, deps.clock.now().getTime() + intervalWithJitter());
  }

  /** A ref seen for the first time is due after one interval: its applications resolve it themselves at first. */
  function schedule(id: string, now: number): number {
    const known = dueAt.get(id);
    if (known !== undefined) return known;
    const due = now + intervalWithJitter();
    dueAt.set(id, due);
    return due;
  }

  function intervalWithJitter(): number {
    const { pollIntervalMs, pollJitterMs } = deps.settings();
    return pollIntervalMs + Math.floor(deps.random() * pollJitterMs);
  }

  function forgetUnfollowed(refs: readonly FollowedRef[]): void {
    const followed = new Set(refs.map((ref) => ref.id));
    for (const id of dueAt.keys()) if (!followed.has(id)) dueAt.delete(id);
  }

  async function poll(ref: FollowedRef, signal: AbortSignal): Promise<void> {
    try {
      const commit = await deps.manifests.resolveRevision(ref.app, ref.source, signal);
      const stale = staleFollowers(ref, commit);
      if (stale.length > 0) await deps.queue.enqueueMany(stale);
    } catch (error) {
      if (!signal.aborted) deps.log.warn('poll failed; the last good revision is kept', { repoURL: ref.source.repoURL, error });
    }
  }

  function arm(signal: AbortSignal): void {
    if (stopped) return;
    const earliest = Math.min(...dueAt.values(), deps.clock.now().getTime() + MAX_WAIT_MS);
    const wait = Math.max(100, earliest - deps.clock.now().getTime());
    timer = setTimeout(() => {
      turn(signal)
        .catch((error: unknown) => deps.log.error('poll turn failed', { error }))
        .finally(() => arm(signal));
    }, wait);
    timer.unref();
  }

  return {
    start(signal) {
      stopped = false;
      for (const ref of followedRefs(deps.applications())) schedule(ref.id, deps.clock.now().getTime());
      arm(signal);
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
