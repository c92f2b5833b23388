/** Several logs as one, by time. Each log is asked for one entry at a time, so nothing piles up before a slow reader. */
import { isBefore, type LogLine } from './lines.js';

/**
 * The oldest of the entries at hand is next. A log that has nothing to say is waited for `patienceMs`, and from then on
 * no more until it speaks again; Infinity waits for every log, which makes the order exact. @throws what a log throws.
 */
export async function* mergeByTime(
  logs: readonly AsyncIterator<LogLine>[],
  patienceMs: number,
): AsyncGenerator<LogLine> {
  const bell = createBell();
  const sources = logs.map((log): Source => ({ log, head: undefined, ended: false, failure: undefined, askedAt: 0 }));
  for (const source of sources) ask(source, bell.ring);
  for (;;) {
    await awaitHeads(sources, bell, patienceMs);
    const failed = sources.find(({ failure }) => failure !== undefined);
    if (failed !== undefined) throw failed.failure;
    const oldest = oldestOf(sources);
    if (oldest?.head === undefined) return;
    const { head } = oldest;
    ask(oldest, bell.ring);
    yield head;
  }
}

interface Source {
  readonly log: AsyncIterator<LogLine>;
  head: LogLine | undefined;
  ended: boolean;
  failure: unknown;
  askedAt: number;
}

function ask(source: Source, ring: () => void): void {
  source.head = undefined;
  source.askedAt = performance.now();
  source.log
    .next()
    .then(
      ({ done, value }) => {
        if (done === true) source.ended = true;
        else source.head = value;
      },
      (error: unknown) => {
        source.ended = true;
        source.failure = error ?? new Error('the log broke');
      },
    )
    .finally(ring);
}

/** Until every log that is worth waiting for has an entry, and at least one has, or all have ended, or one failed. */
async function awaitHeads(sources: readonly Source[], bell: Bell, patienceMs: number): Promise<void> {
  for (;;) {
    if (sources.some(({ failure }) => failure !== undefined)) return;
    const silent = sources.filter(({ head, ended }) => head === undefined && !ended);
    if (silent.length === 0) return;
    const hasHead = sources.some(({ head }) => head !== undefined);
    const left = Math.max(...silent.map(({ askedAt }) => askedAt + patienceMs)) - performance.now();
    if (hasHead && left <= 0) return;
    await bell.rung(hasHead && Number.isFinite(left) ? left : undefined);
  }
}

function oldestOf(sources: readonly Source[]): Source | undefined {
  let oldest: Source | undefined;
  for (const source of sources) {
    if (source.head === undefined) continue;
    if (oldest?.head === undefined || isBefore(source.head, oldest.head)) oldest = source;
  }
  return oldest;
}

interface Bell {
  ring(): void;
  /** Resolves at the next ring, or after the time. */
  rung(timeoutMs: number | undefined): Promise<void>;
}

/** One waiter at a time; unlike a race of promises it leaves nothing behind on a log that is silent for days. */
function createBell(): Bell {
  let waiter: (() => void) | undefined;
  return {
    ring: () => waiter?.(),
    rung: (timeoutMs) =>
      new Promise((resolve) => {
        const timer = timeoutMs === undefined ? undefined : setTimeout(() => waiter?.(), Math.ceil(timeoutMs));
        waiter = () => {
          clearTimeout(timer);
          waiter = undefined;
          resolve();
        };
      }),
  };
}
