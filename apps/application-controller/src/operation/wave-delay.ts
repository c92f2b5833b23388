/** The pause between two waves (D11), kept per operation. Nothing of it is written: a worker that takes over pauses once more. */
import { type AppliedWave, SYNC_MESSAGES, type SyncTask, syncResultKey } from '@tiphys/gitops-engine';
import type { AppKey, OperationState } from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';
import type { RunningOperation } from './running.js';

interface AppliedAt {
  /** Start and number of the attempt. */
  readonly attempt: string;
  readonly phase: AppliedWave['phase'];
  readonly wave: number;
  readonly atMs: number;
}

/** When each running operation applied its last wave. One per process. */
export type WaveTimes = Map<AppKey, AppliedAt>;

export interface WaveDelay {
  readonly times: WaveTimes;
  readonly delayMs: number;
  readonly clock: Clock;
}

/** What is left of the pause after the wave that was applied last; undefined: no pause. */
export function appliedWave(key: AppKey, running: RunningOperation, delay: WaveDelay): AppliedWave | undefined {
  if (delay.delayMs <= 0) return undefined;
  const attempt = attemptOf(running.state);
  const known = delay.times.get(key);
  const applied = known?.attempt === attempt ? known : resumed(key, running, delay);
  if (applied === undefined) return undefined;
  const { phase, wave, atMs } = applied;
  return { phase, wave, delayLeftMs: atMs + delay.delayMs - delay.clock.now().getTime() };
}

/** Another worker applied it, nobody knows when: the whole pause, from now. */
function resumed(key: AppKey, running: RunningOperation, delay: WaveDelay): AppliedAt | undefined {
  const recorded = (running.state.syncResult?.resources ?? []).filter(
    ({ message }) => message !== SYNC_MESSAGES.unchanged,
  );
  const written = new Set(recorded.map((result) => syncResultKey({ phase: result.syncPhase ?? 'Sync', key: result })));
  const last = running.tasks.findLast((task) => written.has(syncResultKey(task)));
  return last === undefined ? undefined : noteApplied(key, { state: running.state, tasks: [last] }, delay);
}

/** The tasks, all of one wave, were applied just now. The namespace of the application needs no pause: nobody reacts to it. */
export function noteApplied(
  key: AppKey,
  { state, tasks }: { readonly state: OperationState; readonly tasks: readonly SyncTask[] },
  { times, clock }: WaveDelay,
): AppliedAt | undefined {
  const [first] = tasks.filter((task) => !task.beforeDryRun);
  if (first === undefined) return undefined;
  const { phase, wave } = first;
  const applied = { attempt: attemptOf(state), phase, wave, atMs: clock.now().getTime() };
  times.set(key, applied);
  return applied;
}

function attemptOf({ startedAt, retryCount = 0 }: OperationState): string {
  return `${startedAt}/${retryCount}`;
}
