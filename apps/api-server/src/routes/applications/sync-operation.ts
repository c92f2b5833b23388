/** A sync request as an operation, and what forbids it (D33, N03). Pure. */
import type { ApplicationSyncRequest } from '@tiphys/api-contract';
import { type Application, hasMultipleSources, type Operation, type SyncOperation, sourcesOf } from '@tiphys/model';
import { ApiError } from '../../errors.js';

/** Throws `failedPrecondition` or `invalidArgument` with Argo CD's reasons. */
export function checkSyncRequest(application: Application, request: ApplicationSyncRequest): void {
  if (application.metadata.deletionTimestamp) throw new ApiError('failedPrecondition', 'application is deleting');
  checkPositions(application, request);
  const automated = application.spec.syncPolicy?.automated;
  const isAutomated = automated !== undefined && automated.enabled !== false;
  if (isAutomated && request.dryRun !== true) checkAgainstAutoSync(application, request);
}

/** Auto-sync would undo at once what another revision or local manifests bring. */
function checkAgainstAutoSync(application: Application, request: ApplicationSyncRequest): void {
  if ((request.manifests ?? []).length > 0) {
    const text = 'cannot use local sync when Automatic Sync Policy is enabled unless for dry run';
    throw new ApiError('failedPrecondition', text);
  }
  const revisions = revisionsBySource(application, request);
  for (const [index, source] of sourcesOf(application.spec).entries()) {
    const current = source.targetRevision || 'HEAD';
    const wanted = revisions[index] ?? '';
    if (wanted === '' || wanted === current) continue;
    throw new ApiError('failedPrecondition', `Cannot sync to ${wanted}: auto-sync currently set to ${current}`);
  }
}

/** Without sync options of its own the request takes the application's, likewise for the retry strategy. */
export function syncOperation(application: Application, request: ApplicationSyncRequest, username: string): Operation {
  const retry = request.retryStrategy ?? application.spec.syncPolicy?.retry;
  return {
    sync: { ...revisionFields(application, request), ...howToSync(application, request) },
    initiatedBy: { username },
    ...(request.infos?.length ? { info: request.infos } : {}),
    ...(retry ? { retry } : {}),
  };
}

/** Fields without a value are left out, as Argo CD writes them. */
function howToSync({ spec }: Application, request: ApplicationSyncRequest): SyncOperation {
  const { manifests, resources, strategy } = request;
  const syncOptions = request.syncOptions?.items ?? spec.syncPolicy?.syncOptions;
  return {
    ...(request.prune === true ? { prune: true } : {}),
    ...(request.dryRun === true ? { dryRun: true } : {}),
    ...(strategy ? { syncStrategy: strategy } : {}),
    ...(resources?.length ? { resources } : {}),
    ...(manifests?.length ? { manifests } : {}),
    ...(syncOptions === undefined ? {} : { syncOptions }),
  };
}

function revisionFields(
  application: Application,
  request: ApplicationSyncRequest,
): { revision?: string; revisions?: string[] } {
  const revisions = revisionsBySource(application, request);
  if (revisions.every((revision) => revision === '')) return {};
  if (!hasMultipleSources(application.spec)) return { revision: revisions[0] ?? '' };
  // Every source needs an entry: the ones not asked for keep the revision of their spec.
  const sources = sourcesOf(application.spec);
  return { revisions: sources.map((source, index) => revisions[index] || source.targetRevision || 'HEAD') };
}

/** The asked revision per source, '' where none was asked. `sourcePositions` count from 1. */
function revisionsBySource({ spec }: Application, request: ApplicationSyncRequest): readonly string[] {
  if (!hasMultipleSources(spec)) return [request.revision ?? ''];
  const positions = (request.sourcePositions ?? []).map(Number);
  return sourcesOf(spec).map((_, index) => request.revisions?.[positions.indexOf(index + 1)] ?? '');
}

function checkPositions({ spec }: Application, request: ApplicationSyncRequest): void {
  const positions = (request.sourcePositions ?? []).map(Number);
  if (positions.length !== (request.revisions ?? []).length) {
    throw new ApiError('invalidArgument', 'revisions and sourcePositions must have the same length');
  }
  const count = sourcesOf(spec).length;
  const wrong = positions.find((position) => position < 1 || position > count);
  if (wrong !== undefined) {
    throw new ApiError(
      'invalidArgument',
      `source position ${wrong} does not exist: the application has ${count} source(s)`,
    );
  }
}
