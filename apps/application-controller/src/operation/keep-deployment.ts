/** Keeps what a successful sync deployed, as long as the history names it. A deployment that cannot be kept is no failed sync. */
import {
  type Application,
  type OperationState,
  type RevisionHistory,
  redact,
  sourcesOf,
  toGitOpsError,
} from '@tiphys/model';
import type { Deployments, EventRecorder, RenderedManifests } from '../ports.js';

export interface KeepDeps {
  readonly deployments: Deployments;
  readonly events: EventRecorder;
}

export interface FinishedDeployment {
  readonly app: Application;
  readonly state: OperationState;
  readonly rendered?: RenderedManifests;
  /** With the new entry last; undefined: the operation was no deployment. */
  readonly history: readonly RevisionHistory[] | undefined;
}

/** Before the history is written: an entry that is there can be gone back to. */
export async function keepDeployment(
  deps: KeepDeps,
  { app, state, rendered, history }: FinishedDeployment,
  signal: AbortSignal,
): Promise<void> {
  const id = history?.at(-1)?.id;
  if (id === undefined || rendered === undefined) return;
  const { targets, revisions, sourceTypes, manifestHash } = rendered;
  const manifests = { targets, revisions, sourceTypes, manifestHash, sources: sourcesOf(state.syncResult ?? {}) };
  await reported(deps, { app, what: 'keeping' }, () => deps.deployments.save(app, { id, manifests }, signal));
}

/** After the history was written: what it no longer names is dropped. */
export async function dropDeployments(
  deps: KeepDeps,
  { app, history }: FinishedDeployment,
  signal: AbortSignal,
): Promise<void> {
  if (history === undefined) return;
  const kept = new Set(history.map(({ id }) => id));
  const ids = (app.status?.history ?? []).map(({ id }) => id).filter((id) => !kept.has(id));
  if (ids.length === 0) return;
  await reported(deps, { app, what: 'dropping' }, () => deps.deployments.drop(app, ids, signal));
}

async function reported(
  { events }: KeepDeps,
  { app, what }: { readonly app: Application; readonly what: string },
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const message = `${what} the manifests of a deployment failed: ${redact(toGitOpsError(error).message)}`;
    events.record(app, { type: 'Warning', reason: 'DeploymentNotKept', message });
  }
}
