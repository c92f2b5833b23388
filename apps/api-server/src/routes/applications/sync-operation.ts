/** A sync request as an operation, and what forbids it (D33, N03). Pure. */
import type { ApplicationSyncRequest } from '@tiphys/api-contract';
import { type Application, hasMultipleSources, type Operation, type SyncOperation, sourcesOf } from '@tiphys/model';
import { ApiError } from '../../errors.js';

export interface SyncRules {
  /** `server.sync.replace.allowed` (D24). */
  readonly replaceAllowed: boolean;
  /** The project demands signatures (F06): manifests without a commit have none. */
  readonly signaturesDemanded: boolean;
}

/** Throws `failedPrecondition` or `invalidArgument` with Argo CD's reasons. */
export function checkSyncRequest(application: Application, request: ApplicationSyncRequest, rules: SyncRules): void {
  if (application.metadata.deletionTimestamp) throw new ApiError('failedPrecondition', 'application is deleting');
  checkPositions(application, request);
  if (!rules.replaceAllowed && optionsOf(application, request)?.includes('Replace=true')) {
    const text = 'sync with replace was disabled on the API Server level via the server configuration';
    throw new ApiError('failedPrecondition', text);
  }
  if (rules.signaturesDemanded && hasManifests(request)) {
    throw new ApiError('failedPrecondition', 'Cannot use local sync when source integrity is required.');
  }
  const automated = application.spec.syncPolicy?.automated;
  const isAutomated = automated !== undefined && automated.enabled !== false;
  if (isAutomated && request.dryRun !== true) checkAgainstAutoSync(application, request);
}

/** Auto-sync would undo at once what another revision or local manifests bring. */
function checkAgainstAutoSync(application: Application, request: ApplicationSyncRequest): void {
  if (hasManifests(request)) {
    const text = 'cannot use local sync when Automatic Sync Policy is enabled unless for dry run';
    throw new ApiError('failedPrecondition', text);
  }
  const [other] = otherRevisions(application, request);
  if (other === undefined) return;
  throw new ApiError(
    'failedPrecondition',
    `Cannot sync to ${other.wanted}: auto-sync currently set to ${other.current}`,
  );
}

/**
 * Whether the request brings what the specification does not name: manifests (B35), or revisions where the installation
 * counts them (D45). It needs the permission `override` then.
 */
export function isOverride(
  application: Application,
  request: ApplicationSyncRequest,
  options: { readonly byRevision: boolean },
): boolean {
  return hasManifests(request) || (options.byRevision && otherRevisions(application, request).length > 0);
}

function hasManifests({ manifests = [] }: ApplicationSyncRequest): boolean {
  return manifests.length > 0;
}

interface OtherRevision {
  readonly wanted: string;
  readonly current: string;
}

/** Those asked for that are not the ones of the specification. */
function otherRevisions(application: Application, request: ApplicationSyncRequest): readonly OtherRevision[] {
  const revisions = revisionsBySource(application, request);
  return sourcesOf(application.spec)
    .map((source, index) => ({ wanted: revisions[index] ?? '', current: source.targetRevision || 'HEAD' }))
    .filter(({ wanted, current }) => wanted !== '' && wanted !== current);
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
function howToSync(application: Application, request: ApplicationSyncRequest): SyncOperation {
  const { manifests, resources, strategy } = request;
  const syncOptions = optionsOf(application, request);
  return {
    ...(request.prune === true ? { prune: true } : {}),
    ...(request.dryRun === true ? { dryRun: true } : {}),
    ...(strategy ? { syncStrategy: strategy } : {}),
    ...(resources?.length ? { resources } : {}),
    ...(manifests?.length ? { manifests } : {}),
    ...(syncOptions === undefined ? {} : { syncOptions: [...syncOptions] }),
  };
}

function optionsOf({ spec }: Application, { syncOptions }: ApplicationSyncRequest): readonly string[] | undefined {
  return syncOptions?.items ?? spec.syncPolicy?.syncOptions;
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
