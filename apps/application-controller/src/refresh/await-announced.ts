/** A turn that a webhook asked for does not settle for the old commit: it asks again, up to a bound (J01). */
import { type AppKey, type Application, COMPARE_LEVELS, sourcesOf } from '@tiphys/model';
import type { KeyedQueue, ReconcileOutcome } from '@tiphys/queue';
import type { Clock } from '@tiphys/runtime';
import type { AnnouncedRevisions } from '../ports.js';
import { awaitedRevision, mayStillCome } from './awaited-revision.js';
import { knownRevisions } from './known-commit.js';

export interface AwaitDeps {
  readonly announcedRevisions: AnnouncedRevisions;
  readonly refreshQueue: Pick<KeyedQueue, 'enqueueAfter'>;
  readonly clock: Clock;
}

export interface AwaitingTurn {
  readonly key: AppKey;
  readonly app: Application;
  /** Unix ms of the webhook; 0: nobody has asked for a newer commit. */
  readonly sinceMs: number;
}

/** What one turn waits for. */
export interface Awaiting {
  /** Until then a source that cannot be read is no news: some replica of the host is behind. */
  isPatient(): boolean;
  resolved(revisions: readonly string[]): void;
  /** The turn's outcome, or an earlier one that looks again. */
  finish(outcome: ReconcileOutcome): Promise<ReconcileOutcome>;
}

export async function beginAwaiting(deps: AwaitDeps, { key, app, sinceMs }: AwaitingTurn): Promise<Awaiting> {
  const sources = sourcesOf(app.spec);
  const announced = sinceMs > 0 ? await deps.announcedRevisions.read(sources) : [];
  const now = (): number => deps.clock.now().getTime();
  let resolved: readonly string[] | undefined;
  return {
    isPatient: () => mayStillCome(announced, now()),
    resolved: (revisions) => {
      resolved = revisions;
    },
    async finish(outcome) {
      const awaited = awaitedRevision({ announced, resolved, known: knownRevisions(app), now: now() });
      if (awaited.kind === 'come') return outcome;
      if (awaited.kind === 'missed') {
        const [source, revision] = [sources[awaited.sourceIndex], announced[awaited.sourceIndex]];
        const commit = resolved?.[awaited.sourceIndex] ?? '';
        if (source !== undefined && revision !== undefined)
          deps.announcedRevisions.missed(source, { announced: revision, resolved: commit });
        return outcome;
      }
      const { since, afterMs } = awaited;
      const request = { level: COMPARE_LEVELS.indexOf('latestForceResolve'), hardness: 0, since };
      await deps.refreshQueue.enqueueAfter({ key, priority: 'webhook', request }, afterMs);
      // The key has one timer: an outcome with a later one would replace this.
      const ms = outcome.kind === 'requeueAfter' ? Math.min(outcome.ms, afterMs) : afterMs;
      return { kind: 'requeueAfter', ms, reason: 'the announced commit is awaited', priority: 'webhook' };
    },
  };
}
