/** The source of time: the system's in production, one that tests move by hand. */
import type { Clock } from './ports.js';

export const systemClock: Clock = { now: () => new Date() };

export interface FakeClock extends Clock {
  advance(ms: number): void;
  set(time: Date): void;
}

/** A clock that stands still until a test moves it. */
export function fakeClock(start: Date = new Date('2026-01-01T00:00:00Z')): FakeClock {
  let current = start.getTime();
  return {
    now: () => new Date(current),
    advance: (ms) => {
      current += ms;
    },
    set: (time) => {
      current = time.getTime();
    },
  };
}
