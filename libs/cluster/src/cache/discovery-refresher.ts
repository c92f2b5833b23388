/** Refreshes discovery when CRDs or API services change (R15: within 5 s), and while a group's discovery fails. */
import type { GroupKind } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import type { Discovery } from '../ports.js';

export interface DiscoveryRefresher {
  /** A CRD or an API service changed. */
  request(): void;
  stop(): void;
}

/** The API server serves a new kind up to some seconds after its CRD appeared: ask early, then twice more. */
const DELAYS_MS: readonly number[] = [250, 1_000, 3_000];
const FAILED_GROUP_MS = 30_000;

export function definesKinds({ group, kind }: GroupKind): boolean {
  return (
    (group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition') ||
    (group === 'apiregistration.k8s.io' && kind === 'APIService')
  );
}

export function createDiscoveryRefresher(discovery: Discovery, log: Logger, signal: AbortSignal): DiscoveryRefresher {
  let timer: NodeJS.Timeout | undefined;
  let next = DELAYS_MS.length;

  function schedule(): void {
    if (timer !== undefined || signal.aborted) return;
    const wait = DELAYS_MS[next] ?? (discovery.failed.size > 0 ? FAILED_GROUP_MS : undefined);
    if (wait !== undefined) timer = setTimeout(run, wait);
  }
  function run(): void {
    next += 1;
    void discovery
      .refresh(signal)
      .catch((error: unknown) => {
        if (signal.aborted) return;
        log.warn('discovery failed, retrying', { error: String(error) });
        next = Math.min(next, DELAYS_MS.length - 1);
      })
      .finally(() => {
        timer = undefined;
        schedule();
      });
  }
  schedule();
  return {
    request: () => {
      next = 0;
      schedule();
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
