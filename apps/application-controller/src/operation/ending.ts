/** Operations that are to end now: a person has terminated them, or they took too long (D41, D42). */
import type { AppKey, OperationState } from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';
import type { ApplicationStore, ControllerSettings } from '../ports.js';

export interface EndingDeps {
  readonly applications: Pick<ApplicationStore, 'get'>;
  readonly settings: () => Pick<ControllerSettings, 'syncTimeoutMs'>;
  readonly clock: Clock;
}

const LOOK_EVERY_MS = 250;
/** For requests that are on their way when the end is asked for. */
const REQUEST_GRACE_MS = 3_000;

/** Why the operation must end now, as a suffix of its message; undefined: it goes on. */
export function endingOf(deps: EndingDeps, key: AppKey, state: OperationState): string | undefined {
  const latest = deps.applications.get(key)?.status?.operationState ?? state;
  if (latest.phase === 'Terminating' && latest.startedAt === state.startedAt) return '';
  const { syncTimeoutMs } = deps.settings();
  if (syncTimeoutMs <= 0 || deps.clock.now().getTime() - Date.parse(state.startedAt) <= syncTimeoutMs) return undefined;
  return `: it took longer than the ${syncTimeoutMs / 1_000}s of controller.sync.timeout.seconds`;
}

/** Milliseconds until the sync timeout; Infinity without one. */
export function untilTimeout({ settings, clock }: EndingDeps, state: OperationState): number {
  const { syncTimeoutMs } = settings();
  if (syncTimeoutMs <= 0) return Number.POSITIVE_INFINITY;
  return Math.max(0, Date.parse(state.startedAt) + syncTimeoutMs - clock.now().getTime()) + 1;
}

export interface EndWatch {
  /** Aborted as soon as the operation is to end: for everything that writes nothing. */
  readonly soft: AbortSignal;
  /** Aborted a little later: for writes that are on their way. */
  readonly hard: AbortSignal;
  /** True when the end was asked for, not a stop of the process. */
  ended(): boolean;
  stop(): void;
}

/** Looks for the end while a turn runs, so that not even a hanging renderer or API server delays it. */
export function watchEnding(
  deps: EndingDeps,
  { key, state }: { readonly key: AppKey; readonly state: OperationState },
  parent: AbortSignal,
): EndWatch {
  const [soft, hard] = [new AbortController(), new AbortController()];
  let grace: NodeJS.Timeout | undefined;
  const look = setInterval(() => {
    if (endingOf(deps, key, state) === undefined) return;
    clearInterval(look);
    soft.abort(new Error('the operation was terminated'));
    grace = setTimeout(() => hard.abort(soft.signal.reason), REQUEST_GRACE_MS);
  }, LOOK_EVERY_MS);
  return {
    soft: AbortSignal.any([parent, soft.signal]),
    hard: AbortSignal.any([parent, hard.signal]),
    ended: () => soft.signal.aborted && !parent.aborted,
    stop: () => {
      clearInterval(look);
      clearTimeout(grace);
    },
  };
}
