/** The end of an operation before its time (D41): running hooks are deleted, then it has failed. Needs neither Git nor a renderer. */
import {
  advanceSync,
  planTermination,
  progressFrom,
  recordStep,
  SYNC_MESSAGES,
  withProgress,
} from '@tiphys/gitops-engine';
import { type Application, type OperationState, redact, toGitOpsError } from '@tiphys/model';
import type { ReconcileOutcome } from '@tiphys/queue';
import { instanceOf } from '../identity.js';
import type { Clusters, ControllerSettings, ProjectReader } from '../ports.js';
import { asSyncIdentity } from '../sync-identity.js';
import { type ExecuteDeps, executeStep } from './execute-step.js';
import { type FinishDeps, finishAttempt } from './finish.js';

export interface TerminateDeps extends ExecuteDeps, FinishDeps {
  readonly clusters: Clusters;
  readonly namespace: string;
  readonly projects: ProjectReader;
  readonly settings: () => Pick<ControllerSettings, 'impersonation'>;
}

export interface Termination {
  readonly app: Application;
  readonly state: OperationState;
  /** Suffix of the message. */
  readonly why: string;
}

/** A cluster that does not answer must not hold the end back. */
const CLEANUP_MS = 5_000;
const MAX_STEPS = 20;

export async function terminate(
  deps: TerminateDeps,
  termination: Termination,
  signal: AbortSignal,
): Promise<ReconcileOutcome> {
  const { app, why } = termination;
  const message = `${SYNC_MESSAGES.terminated}${why}`;
  const end = (state: OperationState, suffix = '') =>
    finishAttempt(deps, { app, state, phase: 'Failed', message: `${message}${suffix}`, terminated: true }, signal);
  let stopped: OperationState;
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(CLEANUP_MS)]);
    stopped = await within(stopHooks(deps, termination, bounded), bounded);
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = redact(toGitOpsError(error).message);
    return end(termination.state, `; its hooks may still run, since they could not be deleted: ${reason}`);
  }
  return end(stopped);
}

async function stopHooks(
  deps: TerminateDeps,
  { app, state }: Termination,
  signal: AbortSignal,
): Promise<OperationState> {
  const { clusters, namespace, projects, settings } = deps;
  const project = projects.get(app.spec.project);
  const found = await clusters.for(app.spec.destination, signal);
  const cluster = asSyncIdentity(found, app, { project, settings: settings(), namespace });
  const recorded = (state.syncResult?.resources ?? []).filter(({ hookType }) => hookType !== undefined);
  const live = await cluster.cache.managedLiveState(instanceOf(app, namespace), recorded, signal);
  const tasks = planTermination(state, live);
  let progress = { ...progressFrom(state, live), terminating: true };
  for (let count = 0; count < MAX_STEPS; count++) {
    const turn = advanceSync(tasks, progress);
    const { step } = turn;
    if (step.kind === 'complete' || step.kind === 'wait') return withProgress(state, turn.progress);
    progress = {
      ...recordStep(turn.progress, step, await executeStep(deps, step, { cluster, signal })),
      terminating: true,
    };
  }
  return withProgress(state, progress);
}

/** Rejects with the signal's reason when it is first, even if the work does not listen to it. */
function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  return Promise.race([work, aborted]);
}
