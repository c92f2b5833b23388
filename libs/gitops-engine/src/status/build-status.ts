/** The status of an Application after a comparison (A18, A19): bounded, sorted, and equal when nothing changed. */
import {
  type Application,
  type ApplicationCondition,
  type ApplicationSpec,
  type ApplicationStatus,
  type ApplicationSummary,
  type ConditionType,
  GROUP,
  type HealthStatus,
  hasMultipleSources,
  type ResourceStatus,
  type SyncStatus,
} from '@tiphys/model';
import type { ComparisonResult, ManagedResource } from '../compare/types.js';
import { equalJson } from '../refresh/equal-json.js';
import { isSkipped } from '../sync/hooks.js';
import { imagesOf } from '../tree/images.js';
import { boundedConditions, boundedResources, boundedTexts } from './bounds.js';
import { withConditions } from './conditions.js';

export interface BuildStatusInput {
  readonly app: Application;
  readonly comparison: ComparisonResult;
  /** Resolved revisions, in the order of the sources. */
  readonly revisions: readonly string[];
  /** Source types found by the renderers, in the order of the sources. */
  readonly sourceTypes: readonly string[];
  /** RFC 3339 */
  readonly now: string;
  /** E10: health of each resource inside the status. Default false: it is in the tree (`resourceHealthSource: appTree`). */
  readonly persistResourceHealth?: boolean;
  /** Images and URLs of the whole tree; without it, the images that the live managed objects name. */
  readonly summary?: Pick<ApplicationSummary, 'images' | 'externalURLs'>;
  /** Conditions beside those of the comparison (auto-sync, project). */
  readonly conditions?: readonly Pick<ApplicationCondition, 'type' | 'message'>[];
  /** Types whose absence means that they no longer hold. Default: all. */
  readonly evaluatedConditions?: readonly ConditionType[];
  readonly controllerNamespace?: string;
}

/**
 * The new status. `history`, `operationState` and whatever else the comparison does not decide are kept. `reconciledAt`
 * moves only when something else in the status changed (design 4.4).
 */
export function buildStatus(input: BuildStatusInput): ApplicationStatus {
  const { app, comparison, now } = input;
  const persistHealth = input.persistResourceHealth === true;
  const previous = app.status ?? {};
  const { conditions: _conditions, ...kept } = previous;
  const all = comparison.resources.map((resource) => resourceStatus(resource, persistHealth));
  const resources = boundedResources(all);
  const built: ApplicationStatus = {
    ...withoutUndecided(kept),
    resources: [...resources],
    sync: syncStatus(input),
    health: healthStatus(comparison.health, previous.health, now),
    ...sourceTypeFields(app.spec, input.sourceTypes),
    summary: summaryOf(input),
    ...(input.persistResourceHealth === true ? {} : { resourceHealthSource: 'appTree' }),
    ...(input.controllerNamespace === undefined ? {} : { controllerNamespace: input.controllerNamespace }),
    ...(previous.reconciledAt === undefined ? {} : { reconciledAt: previous.reconciledAt }),
  };
  const status = withConditions(
    { ...built, ...(previous.conditions === undefined ? {} : { conditions: previous.conditions }) },
    {
      conditions: boundedConditions([
        ...comparison.conditions,
        ...(input.conditions ?? []),
        ...shortened(resources.length, all.length),
      ]),
      ...(input.evaluatedConditions === undefined ? {} : { evaluated: input.evaluatedConditions }),
      now,
    },
  );
  const unchanged = equalJson(previous, status) && previous.reconciledAt !== undefined;
  return unchanged ? previous : { ...status, reconciledAt: now };
}

/** Whoever reads the object learns that it does not hold all (R14). */
function shortened(shown: number, all: number): readonly Pick<ApplicationCondition, 'type' | 'message'>[] {
  if (shown === all) return [];
  const message = `status.resources holds a part of the ${all} resources, those that need attention first: more do not fit in the object. The resource tree has all of them.`;
  return [{ type: 'ShortenedStatusWarning', message }];
}

/** Fields that a comparison decides anew: absent unless set again. */
function withoutUndecided(status: ApplicationStatus): ApplicationStatus {
  const { resourceHealthSource: _source, sourceType: _type, sourceTypes: _types, summary: _summary, ...rest } = status;
  return rest;
}

/** One entry of `status.resources`: fields that say nothing are left out, as in Argo CD. */
export function resourceStatus(resource: ManagedResource, persistHealth: boolean): ResourceStatus {
  const { key } = resource;
  return {
    ...(key.group === '' ? {} : { group: key.group }),
    version: resource.version,
    kind: key.kind,
    ...(key.namespace === '' ? {} : { namespace: key.namespace }),
    name: key.name,
    ...ownStatus(resource),
    ...(persistHealth && resource.health !== undefined ? { health: withoutTime(resource.health) } : {}),
    ...(resource.requiresPruning ? { requiresPruning: true } : {}),
    ...(resource.requiresDeletionConfirmation ? { requiresDeletionConfirmation: true } : {}),
    ...(resource.syncWave === 0 ? {} : { syncWave: resource.syncWave }),
  };
}

/** Hooks have no sync status, nor has what Git says to skip (D03). */
function ownStatus({ hooks, target, status }: ManagedResource): Pick<ResourceStatus, 'hook' | 'status'> {
  if (hooks.length > 0) return { hook: true };
  return target !== undefined && isSkipped(target) ? {} : { status };
}

function withoutTime({ status, message }: HealthStatus): HealthStatus {
  return {
    ...(status === undefined ? {} : { status }),
    ...(message === undefined || message === '' ? {} : { message }),
  };
}

function syncStatus({ app, comparison, revisions }: BuildStatusInput): SyncStatus {
  return {
    status: comparison.syncStatus,
    comparedTo: comparedTo(app.spec),
    ...(hasMultipleSources(app.spec) ? { revisions: [...revisions] } : singleRevision(revisions)),
  };
}

function singleRevision([revision]: readonly string[]): Pick<SyncStatus, 'revision'> {
  return revision === undefined ? {} : { revision };
}

/** What `status.sync.comparedTo` says about a spec; `decideRefresh` compares it with the spec of the next turn. */
export function comparedTo(spec: ApplicationSpec): NonNullable<SyncStatus['comparedTo']> {
  const { destination, ignoreDifferences } = spec;
  const sources = hasMultipleSources(spec) ? { sources: spec.sources ?? [] } : sourceOf(spec);
  return {
    ...sources,
    destination,
    ...(ignoreDifferences === undefined || ignoreDifferences.length === 0 ? {} : { ignoreDifferences }),
  };
}

function sourceOf({ source }: ApplicationSpec): Pick<ApplicationSpec, 'source'> {
  return source === undefined ? {} : { source };
}

function healthStatus(health: HealthStatus, previous: HealthStatus | undefined, now: string): HealthStatus {
  const since = previous?.status === health.status ? previous?.lastTransitionTime : undefined;
  return { ...withoutTime(health), lastTransitionTime: since ?? health.lastTransitionTime ?? now };
}

function sourceTypeFields(
  spec: ApplicationSpec,
  types: readonly string[],
): Pick<ApplicationStatus, 'sourceType' | 'sourceTypes'> {
  if (hasMultipleSources(spec)) return types.length === 0 ? {} : { sourceTypes: [...types] };
  const [sourceType] = types;
  return sourceType === undefined || sourceType === '' ? {} : { sourceType };
}

function summaryOf({ summary, comparison }: BuildStatusInput): ApplicationSummary {
  const live = comparison.resources.flatMap((resource) => resource.live ?? []);
  const images = sorted(summary?.images ?? live.flatMap(imagesOf));
  const externalURLs = sorted(summary?.externalURLs ?? []);
  const isAppOfApps = comparison.resources.some(({ key }) => key.group === GROUP && key.kind === 'Application');
  return {
    ...(externalURLs.length === 0 ? {} : { externalURLs }),
    ...(images.length === 0 ? {} : { images }),
    ...(isAppOfApps ? { isAppOfApps } : {}),
  };
}

function sorted(items: readonly string[]): string[] {
  return [...boundedTexts([...new Set(items)].sort())];
}
