/** Gives memory back after a burst: V8 keeps the garbage of hundreds of requests until it needs the room itself. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface IdleMemory {
  /** Something was done. */
  touch(): void;
  stop(): void;
}

/** Collects once when nothing has happened for the given time after some activity; a quiet process is never woken. */
export function createIdleMemory(idleMs: number, collect: () => void = fullCollection()): IdleMemory {
  let timer: NodeJS.Timeout | undefined;
  return {
    touch: () => {
      if (timer !== undefined) {
        timer.refresh();
        return;
      }
      timer = setTimeout(() => {
        timer = undefined;
        collect();
      }, idleMs);
      timer.unref();
    },
    stop: () => clearTimeout(timer),
  };
}

type Collect = (options: {
  readonly type: 'major';
  readonly execution: 'sync';
  readonly flavor: 'last-resort';
}) => void;

/** `last-resort` gives the freed pages to the system at once; an ordinary collection keeps them in a pool. Takes about 50 ms. */
function fullCollection(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
