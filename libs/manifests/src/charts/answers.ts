/** What hosts answered, remembered: recent answers are given again, and the last good one while a host is down. */
import { isGitOpsError } from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';

export interface Answer<T> {
  readonly value: T;
  readonly resolvedAt: Date;
  /** Why an older answer than wanted is given. */
  readonly stale?: string;
}

export interface Answers<T> {
  /** @throws what `ask` throws, unless a remembered answer may stand in. */
  get(key: string, fresh: boolean, ask: () => Promise<T>): Promise<Answer<T>>;
}

export interface AnswerOptions {
  readonly clock: Clock;
  /** How long an answer is used without asking again. */
  readonly maxAgeMs: number;
}

const MAX_REMEMBERED = 5_000;

/** The answers used longest ago are forgotten first. */
export function createAnswers<T>({ clock, maxAgeMs }: AnswerOptions): Answers<T> {
  const known = new Map<string, Answer<T>>();
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
    get: async (key, fresh, ask) => {
      const resolvedAt = clock.now();
      const held = known.get(key);
      const isRecent = held !== undefined && resolvedAt.getTime() - held.resolvedAt.getTime() < maxAgeMs;
      if (isRecent && !fresh) return remember(key, held);
      try {
        return remember(key, { value: await ask(), resolvedAt });
      } catch (error) {
        const isHostFailure = isGitOpsError(error) && error.code === 'Upstream';
        if (held === undefined || fresh || !isHostFailure) throw error;
        return { ...held, stale: `${error.message} The answer of ${held.resolvedAt.toISOString()} is used.` };
      }
    },
  };
}
