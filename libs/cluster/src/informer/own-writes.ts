/** Remembers answers of our own writes until the watch has caught up, so that an older event or list cannot undo them. */
import { compareResourceVersions } from './resource-version.js';

/** A watch that never confirms a write (object deleted at once, watch broken) must not pin it for ever. */
const KEEP_MS = 60_000;

export interface OwnWrites {
  /** We wrote `key` and the server answered with this version. */
  note(key: string, resourceVersion: string): void;
  /** True when `resourceVersion` is older than our own write of the key; forgets the write once it is reached. */
  isStale(key: string, resourceVersion: string): boolean;
}

export function createOwnWrites(now: () => number = () => performance.now()): OwnWrites {
  const writes = new Map<string, { readonly resourceVersion: string; readonly until: number }>();
  return {
    note: (key, resourceVersion) => {
      // Oldest first: a write without confirmation leaves here.
      for (const [old, { until }] of writes) {
        if (until > now()) break;
        writes.delete(old);
      }
      writes.delete(key);
      writes.set(key, { resourceVersion, until: now() + KEEP_MS });
    },
    isStale: (key, resourceVersion) => {
      const write = writes.get(key);
      if (write === undefined) return false;
      if (write.until > now() && compareResourceVersions(resourceVersion, write.resourceVersion) < 0) return true;
      writes.delete(key);
      return false;
    },
  };
}
