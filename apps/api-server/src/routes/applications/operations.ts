/** Sync, rollback and terminate (N03, D33, D41, D43): they write `.operation`; the controller carries it out. */
import type { ApplicationSyncRequest, applicationRoutes } from '@tiphys/api-contract';
import {
  ANNOTATIONS,
  type Application,
  hasMultipleSources,
  OPERATION_INFO,
  type Operation,
  type RevisionHistory,
  sourcesOf,
} from '@tiphys/model';
import { demandsSignatures } from '@tiphys/settings';
import type { ApplicationDeps } from '../../applications/deps.js';
import { findApplication } from '../../applications/find.js';
import { accessNameOf, projectOf } from '../../applications/names.js';
import { applicationJson } from '../../applications/store.js';
import { windowsNow } from '../../applications/windows.js';
import type { MergePatch } from '../../applications/writer.js';
import { authorize } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { checkSyncRequest, isOverride, type SyncRules, syncOperation } from './sync-operation.js';

type Routes = typeof applicationRoutes;

export function createSyncApplication(deps: ApplicationDeps): Handler<Routes['sync']['schemas']> {
  return async ({ params, body }, { user, signal }) => {
    const entry = findApplication(deps, user, { ...scopeOf(body), name: params.name, action: 'sync' });
    const updated = await deps.writer.patch(
      entry.key,
      (current) => {
        checkOverride(deps, user, { current, request: body });
        checkSyncRequest(current, body, rulesFor(deps, current));
        checkWindow(deps, current);
        const operation = syncOperation(current, body, user.username);
        return startOperation(current, operation, endsHold(current, body) ? { [ANNOTATIONS.rollbackHold]: null } : {});
      },
      signal,
    );
    const partial = (body.resources ?? []).length > 0 ? 'partial ' : '';
    const target = body.revision || body.revisions?.join(', ') || targetRevisionOf(updated);
    deps.audit(user, updated, { reason: 'OperationStarted', action: `initiated ${partial}sync to ${target}` });
    return { serialized: applicationJson(updated) };
  };
}

/**
 * The operation and, while auto-sync is on, the hold are one write: auto-sync either sees both or neither. The hold names
 * the revision that Git's ref has now; auto-sync resumes with the next one.
 */
export function createRollbackApplication(deps: ApplicationDeps): Handler<Routes['rollback']['schemas']> {
  return async ({ params, body }, { user, signal }) => {
    const action = deps.settings.server().rollbackIsPermission ? 'rollback' : 'sync';
    const entry = findApplication(deps, user, { ...scopeOf(body), name: params.name, action });
    const options = { prune: body.prune === true, dryRun: body.dryRun === true, username: user.username };
    const updated = await deps.writer.patch(
      entry.key,
      (current) => {
        if (current.metadata.deletionTimestamp) throw new ApiError('failedPrecondition', 'application is deleting');
        const target = historyEntry(current, Number(body.id ?? 0));
        const hold = options.dryRun ? undefined : heldRevision(current);
        const annotations = hold === undefined ? {} : { [ANNOTATIONS.rollbackHold]: hold };
        return startOperation(current, rollbackOperation(current, target, options), annotations);
      },
      signal,
    );
    deps.audit(user, updated, { reason: 'OperationStarted', action: `initiated rollback to ${body.id ?? 0}` });
    return { serialized: applicationJson(updated) };
  };
}

export function createTerminateOperation(deps: ApplicationDeps): Handler<Routes['terminateOperation']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const entry = findApplication(deps, user, { ...query, name: params.name, action: 'sync' });
    const updated = await deps.writer.patch(
      entry.key,
      (current) => {
        if (current.operation === undefined || current.status?.operationState === undefined) {
          throw new ApiError('invalidArgument', 'Unable to terminate operation. No operation is in progress');
        }
        return { status: { operationState: { phase: 'Terminating' } } };
      },
      signal,
    );
    deps.audit(user, updated, { reason: 'OperationStarted', action: 'terminated running operation' });
    return {};
  };
}

interface SyncRequest {
  readonly current: Application;
  readonly request: ApplicationSyncRequest;
}

/** Local manifests replace what the project permits and the repository holds: `sync` is not enough for them (B35, D45). */
function checkOverride(deps: ApplicationDeps, user: Subject, { current, request }: SyncRequest): void {
  const { revisionSyncNeedsOverride: byRevision } = deps.settings.server();
  if (!isOverride(current, request, { byRevision })) return;
  const object = accessNameOf(current, deps.namespace);
  authorize(deps.authorizer, user, { resource: 'applications', action: 'override', object });
}

function rulesFor({ settings, projects }: ApplicationDeps, application: Application): SyncRules {
  return {
    replaceAllowed: settings.server().syncWithReplaceAllowed,
    signaturesDemanded: demandsSignatures(projects.get(projectOf(application))),
  };
}

/** As in Argo CD, a closed window stops a sync by hand (D49), not a rollback, which the controller decides. */
function checkWindow(deps: ApplicationDeps, application: Application): void {
  const { allowed, reason } = windowsNow(deps, application).decision;
  if (!allowed) throw new ApiError('permissionDenied', `Cannot sync: Blocked by sync window: ${reason}`);
}

/** `.operation` of a new operation; the state of the last one goes, so that waiting clients see the new one only. */
function startOperation(
  current: Application,
  operation: Operation,
  annotations: Readonly<Record<string, string | null>>,
): MergePatch {
  if (current.operation !== undefined) {
    throw new ApiError('failedPrecondition', 'another operation is already in progress; wait for it or terminate it');
  }
  const hasState = current.status?.operationState !== undefined;
  return {
    ...(Object.keys(annotations).length === 0 ? {} : { metadata: { annotations } }),
    operation,
    ...(hasState ? { status: { operationState: null } } : {}),
  };
}

function historyEntry(application: Application, id: number): RevisionHistory {
  const { name = '' } = application.metadata;
  const entry = application.status?.history?.find((candidate) => candidate.id === id);
  if (entry === undefined) {
    throw new ApiError('invalidArgument', `application ${name} does not have deployment with id ${id}`);
  }
  if (entry.source === undefined && (entry.sources ?? []).length === 0) {
    throw new ApiError('failedPrecondition', `deployment ${id} has no stored source; sync to its revision instead`);
  }
  return entry;
}

interface RollbackOptions {
  readonly prune: boolean;
  readonly dryRun: boolean;
  readonly username: string;
}

function rollbackOperation(
  application: Application,
  target: RevisionHistory,
  { prune, dryRun, username }: RollbackOptions,
): Operation {
  const { syncOptions, retry } = application.spec.syncPolicy ?? {};
  return {
    sync: {
      ...deployedSources(target),
      ...(prune ? { prune } : {}),
      ...(dryRun ? { dryRun } : {}),
      syncStrategy: { apply: {} },
      ...(syncOptions === undefined ? {} : { syncOptions }),
    },
    info: [{ name: OPERATION_INFO.deployment, value: String(target.id) }],
    initiatedBy: { username },
    ...(retry === undefined ? {} : { retry }),
  };
}

/** The revisions and sources of a history entry, singular or plural as they were stored. */
function deployedSources({ revision, revisions, source, sources }: RevisionHistory) {
  if (sources !== undefined && sources.length > 0) return { sources, revisions: revisions ?? [] };
  return { ...(revision === undefined ? {} : { revision }), ...(source === undefined ? {} : { source }) };
}

/** What Git's ref resolves to now, as the controller last saw it; undefined when nothing would move the application on. */
function heldRevision({ spec, status }: Application): string | undefined {
  const automated = spec.syncPolicy?.automated;
  if (automated === undefined || automated.enabled === false) return undefined;
  const { revision, revisions = [] } = status?.sync ?? {};
  const held = hasMultipleSources(spec) ? revisions.join(',') : revision;
  return held === '' ? undefined : held;
}

/** A person who syncs everything again has decided that the held revision may go out. */
function endsHold(application: Application, request: ApplicationSyncRequest): boolean {
  const held = application.metadata.annotations?.[ANNOTATIONS.rollbackHold] !== undefined;
  return held && request.dryRun !== true && (request.resources ?? []).length === 0;
}

function targetRevisionOf({ spec }: Application): string {
  return sourcesOf(spec)
    .map((source) => source.targetRevision || 'HEAD')
    .join(', ');
}

function scopeOf({ appNamespace, project }: { appNamespace?: string; project?: string }) {
  return { ...(appNamespace ? { appNamespace } : {}), ...(project ? { project } : {}) };
}
