/** What hosts answered, remembered: recent answers are given again, and the last good one while a host is down. */
import type { Clock } from '@tiphys/runtime';
import type { ChartQueryOptions } from './ports.js';
import { createRecentFailures } from './recent-failures.js';

export interface Answer<T> {
  readonly value: T;
  readonly resolvedAt: Date;
  /** Why an older answer than wanted is given. */
  readonly stale?: string;
}

/** How new an answer must be. */
export type Wish = Pick<ChartQueryOptions, 'fresh' | 'notBeforeMs'>;

export interface Answers<T> {
  /** @throws what `ask` throws, unless a remembered answer may stand in. */
  get(key: string, wish: Wish, ask: () => Promise<T>): Promise<Answer<T>>;
}

export interface AnswerOptions {
  readonly clock: Clock;
  /** How long an answer is used without asking again. */
  readonly maxAgeMs: number;
}

const MAX_REMEMBERED = 5_000;

/** Names the moment, not the age: a text that changes with every question would be written to the application each time. */
export function staleReason(error: unknown, at: Date, what: string): string {
  const reason = error instanceof Error ? error.message : String(error);
  return `${reason} The ${what} of ${at.toISOString()} is used.`;
}

/** Whether an answer of then may be given again now. */
export function isNewEnough(
  heldAt: Date,
  { fresh = false, notBeforeMs = 0 }: Wish,
  { now, maxAgeMs }: { readonly now: Date; readonly maxAgeMs: number },
): boolean {
  return !fresh && now.getTime() - heldAt.getTime() < maxAgeMs && heldAt.getTime() >= notBeforeMs;
}

/** The answers used longest ago are forgotten first. */
export function createAnswers<T>({ clock, maxAgeMs }: AnswerOptions): Answers<T> {
  const known = new Map<string, Answer<T>>();
  const failures = createRecentFailures(clock);
  const remember = (key: string, answer: Answer<T>): Answer<T> => {
    known.delete(key);
    known.set(key, answer);
    for (const oldest of known.keys()) {
      if (known.size <= MAX_REMEMBERED) break;
      known.delete(oldest);
    }
    return answer;
  };
  return {
    get: async (key, wish, ask) => {
      const { fresh = false } = wish;
      const resolvedAt = clock.now();
      const held = known.get(key);
      if (held !== undefined && isNewEnough(held.resolvedAt, wish, { now: resolvedAt, maxAgeMs }))
        return remember(key, held);
      try {
        const failed = fresh ? undefined : failures.get(key);
        if (failed !== undefined) throw failed;
        const answer = remember(key, { value: await ask(), resolvedAt });
        failures.forget(key);
        return answer;
      } catch (error) {
        const isHostFailure = failures.get(key) === error || failures.note(key, error);
        if (held === undefined || fresh || !isHostFailure) throw error;
        return { ...held, stale: staleReason(error, held.resolvedAt, 'answer') };
      }
    },
  };
}
