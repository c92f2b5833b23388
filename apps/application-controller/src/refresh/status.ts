/** The status of each outcome of a refresh, and the one patch that brings it to the Application. */
import {
  type ApplicationTree,
  buildStatus,
  comparedTo,
  statusPatch,
  summarizeTree,
  withConditions,
} from '@tiphys/gitops-engine';
import {
  ANNOTATIONS,
  type Application,
  type ApplicationCondition,
  type ApplicationStatus,
  type GitOpsError,
  hasMultipleSources,
  type JsonObject,
  kubernetesTime,
  redact,
  toGitOpsError,
} from '@tiphys/model';
import type { AppComparison } from '../comparison/compare-app.js';
import type { ControllerSettings, RenderedManifests } from '../ports.js';

type Condition = Pick<ApplicationCondition, 'type' | 'message'>;

export interface Compared {
  readonly comparison: AppComparison;
  readonly tree: ApplicationTree;
  readonly conditions: readonly Condition[];
  readonly settings: Pick<ControllerSettings, 'persistResourceHealth'>;
}

/** Sync errors of the last operation are decided by auto-sync, everything else by the comparison. */
export function comparedStatus(
  app: Application,
  { comparison, tree, conditions, settings }: Compared,
  now: Date,
): ApplicationStatus {
  const { rendered, result } = comparison;
  return buildStatus({
    app,
    comparison: result,
    revisions: rendered.revisions,
    sourceTypes: rendered.sourceTypes,
    now: kubernetesTime(now),
    summary: summarizeTree(tree),
    conditions: [...warningsOf(rendered), ...conditions],
    persistResourceHealth: settings.persistResourceHealth,
    controllerNamespace: app.metadata.namespace ?? '',
  });
}

function warningsOf({ warnings }: RenderedManifests): readonly Condition[] {
  return warnings.map((message) => ({ type: 'RenderWarning', message: redact(message) }));
}

/** Nothing but the commit is new: same manifests, same live state. */
export function sameStatusAt(app: Application, rendered: RenderedManifests, now: Date): ApplicationStatus {
  const status = app.status ?? {};
  const revision = hasMultipleSources(app.spec)
    ? { revisions: [...rendered.revisions] }
    : { revision: rendered.revisions[0] ?? '' };
  const next = withConditions(
    { ...status, sync: { status: 'Synced', ...status.sync, ...revision } },
    { conditions: warningsOf(rendered), evaluated: ['RenderWarning'], now: kubernetesTime(now) },
  );
  return statusPatch(status, next) === undefined ? status : { ...next, reconciledAt: kubernetesTime(now) };
}

/** The specification is unusable: nothing is known about the resources. */
export function invalidStatus(app: Application, conditions: readonly Condition[], now: Date): ApplicationStatus {
  return unknownStatus(app, { conditions, health: 'Unknown' }, now);
}

export interface FailureTimes {
  readonly now: Date;
  /** When the sources could first not be read, where that is known. */
  readonly outageSince?: Date | undefined;
}

/**
 * A comparison that failed: what was known about resources and health stays, the sync status does not. Of an outage the
 * condition says how old that is (design 6), in the same words as long as the outage lasts.
 */
export function failedStatus(
  app: Application,
  error: unknown,
  { now, outageSince = now }: FailureTimes,
): { readonly status: ApplicationStatus; readonly failure: GitOpsError } {
  const failure = toGitOpsError(error);
  const type = failure.policy.condition ?? 'ComparisonError';
  const age = failure.code === 'Upstream' ? ageOfShown(app, outageSince) : '';
  const conditions = [{ type, message: `${redact(failure.message)}${age}` }];
  return { failure, status: unknownStatus(app, { conditions, health: undefined }, now) };
}

const AGE = / \(resources and health are shown as they were at \S+\)$/;

/** '' when nothing was ever compared. An outage that is shown already began earlier, maybe in another process. */
function ageOfShown({ status }: Application, since: Date): string {
  const shown = status?.conditions?.map(({ message }) => AGE.exec(message)?.[0]).find((age) => age !== undefined);
  if (shown !== undefined) return shown;
  if ((status?.sync?.status ?? 'Unknown') === 'Unknown') return '';
  return ` (resources and health are shown as they were at ${kubernetesTime(since)})`;
}

interface Unknown {
  readonly conditions: readonly Condition[];
  readonly health: 'Unknown' | undefined;
}

function unknownStatus(app: Application, { conditions, health }: Unknown, now: Date): ApplicationStatus {
  const before = app.status ?? {};
  const time = kubernetesTime(now);
  const since = before.health?.status === 'Unknown' ? before.health.lastTransitionTime : undefined;
  const next = withConditions(
    {
      ...before,
      sync: { ...before.sync, status: 'Unknown', comparedTo: comparedTo(app.spec) },
      ...(health === undefined ? {} : { health: { status: health, lastTransitionTime: since ?? time } }),
    },
    { conditions, now: time },
  );
  return statusPatch(before, next) === undefined ? before : { ...next, reconciledAt: time };
}

export interface PatchExtras {
  /** Operation to start, annotations to remove. */
  readonly extra: JsonObject | undefined;
  readonly clearRefresh: boolean;
}

/** Undefined when nothing differs: then nothing is written. */
export function patchOf(
  app: Application,
  status: ApplicationStatus,
  { extra, clearRefresh }: PatchExtras,
): JsonObject | undefined {
  const changed = statusPatch(app.status, status);
  if (changed === undefined && extra === undefined && !clearRefresh) return undefined;
  const metadata = metadataOf(extra, clearRefresh);
  return {
    ...extra,
    ...(changed === undefined ? {} : { status: changed }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

function metadataOf(extra: JsonObject | undefined, clearRefresh: boolean): JsonObject {
  const { annotations = {}, ...rest } = (extra?.['metadata'] ?? {}) as { readonly annotations?: JsonObject };
  const all = { ...annotations, ...(clearRefresh ? { [ANNOTATIONS.refresh]: null } : {}) };
  return { ...rest, ...(Object.keys(all).length === 0 ? {} : { annotations: all }) };
}
