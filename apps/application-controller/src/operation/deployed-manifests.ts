/** What an operation deploys: the kept manifests of a deployment it goes back to, else what a render gives (design 9, R8). */
import { equalJson } from '@tiphys/gitops-engine';
import {
  type Application,
  isGitOpsError,
  OPERATION_INFO,
  type OperationState,
  type RevisionHistory,
  sourcesOf,
} from '@tiphys/model';
import type { ComparisonRequest } from '../comparison/compare-app.js';
import type { DeployedManifests, Deployments, RenderedManifests } from '../ports.js';

export interface Deployment {
  readonly app: Application;
  readonly state: OperationState;
  readonly request: Pick<ComparisonRequest, 'sources' | 'revisions'>;
}

/**
 * A rollback gets what was deployed then, without a look at Git or at the renderers. Any other sync of a commit that was
 * deployed before gets it only while its source cannot be reached.
 */
export async function manifestsFor(
  deployments: Deployments,
  { app, state, request }: Deployment,
  { render, signal }: { readonly render: () => Promise<RenderedManifests>; readonly signal: AbortSignal },
): Promise<RenderedManifests> {
  const wanted = rollbackTarget(state);
  const kept = wanted === undefined ? undefined : await load(wanted);
  if (kept !== undefined) return kept;
  try {
    return await render();
  } catch (error) {
    if (!isGitOpsError(error) || error.code !== 'Upstream') throw error;
    const known = app.status?.history?.findLast((entry) => isDeploymentOf(deployedBy(entry), request));
    const fallback = known === undefined ? undefined : await load(known.id);
    if (fallback === undefined) throw error;
    return fallback;
  }

  /** Only when it is what the operation names: the info of an operation is text that anybody may have written. */
  async function load(id: number): Promise<RenderedManifests | undefined> {
    const manifests = await deployments.load(app, id, signal);
    if (manifests === undefined || !isDeploymentOf(manifests, request)) return undefined;
    return { ...manifests, warnings: [] };
  }
}

/** The history id that a rollback names. */
function rollbackTarget({ operation }: OperationState): number | undefined {
  const value = operation.info?.find(({ name }) => name === OPERATION_INFO.deployment)?.value ?? '';
  return /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

type Deployed = Pick<DeployedManifests, 'sources' | 'revisions'>;

/** Singular or plural, as it was recorded. */
function deployedBy(entry: RevisionHistory): Deployed {
  const { revision = '', revisions = [] } = entry;
  return { sources: sourcesOf(entry), revisions: revisions.length > 0 ? revisions : [revision] };
}

function isDeploymentOf({ sources, revisions }: Deployed, request: Deployment['request']): boolean {
  return equalJson(revisions, request.revisions) && equalJson(sources, request.sources);
}
