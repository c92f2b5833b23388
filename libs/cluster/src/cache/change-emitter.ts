/** Delivers changes: of managed objects at once (heal latency), of others at most once per object and window (bursts of Pods). */
import type { ClusterChange } from '../ports.js';

export interface ChangeEmitter<S> {
  emit(change: ClusterChange<S>): void;
  /** Drops what waits. */
  stop(): void;
}

export function createChangeEmitter<S>(
  deliver: (change: ClusterChange<S>) => void,
  windowMs: number,
): ChangeEmitter<S> {
  const waiting = new Map<string, ClusterChange<S>>();
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    timer = undefined;
    const changes = [...waiting.values()];
    waiting.clear();
    for (const change of changes) deliver(change);
  }
  return {
    emit: (change) => {
      const uid = change.current?.uid ?? change.previous?.uid ?? '';
      const earlier = waiting.get(uid);
      const merged = earlier === undefined ? change : merge(earlier, change);
      if (change.instances.some(({ managed }) => managed)) {
        waiting.delete(uid);
        deliver(merged);
        return;
      }
      waiting.set(uid, merged);
      timer ??= setTimeout(flush, windowMs);
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
      waiting.clear();
    },
  };
}

/** The later state, the earlier `previous`, and every instance that either concerned. */
function merge<S>(earlier: ClusterChange<S>, later: ClusterChange<S>): ClusterChange<S> {
  const known = new Set(later.instances.map(({ instance }) => instance));
  const others = earlier.instances.filter(({ instance }) => !known.has(instance));
  return { ...later, previous: earlier.previous, instances: [...later.instances, ...others] };
}
