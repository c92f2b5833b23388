/** A short text per instance that changes with its managed objects: equal fingerprints mean that a comparison can be skipped. */
import { randomBytes } from 'node:crypto';

export interface Fingerprints {
  of(instance: string): string;
  bump(instance: string): void;
  /** For changes that concern everybody: the set of unreadable kinds. */
  bumpAll(): void;
  forget(instance: string): void;
}

/** The random part makes fingerprints of two processes, or of two caches, never equal. */
export function createFingerprints(): Fingerprints {
  const epoch = randomBytes(6).toString('base64url');
  const revisions = new Map<string, number>();
  let counter = 0;
  let general = 0;

  function bump(instance: string): number {
    counter += 1;
    revisions.set(instance, counter);
    return counter;
  }
  return {
    of: (instance) => `${epoch}.${general}.${revisions.get(instance) ?? bump(instance)}`,
    bump,
    bumpAll: () => {
      general += 1;
    },
    forget: (instance) => {
      revisions.delete(instance);
    },
  };
}
