/** The blast-radius guard (design 9): how much may be deleted without a confirmation, by a prune or with an Application. */
import { ANNOTATIONS, type Application, GROUP, groupOf, type KubernetesObject } from '@tiphys/model';
import type { ManagedResource } from '../compare/types.js';
import { isHook, isSkipped } from './hooks.js';
import { cascadeModeOf } from './plan-deletion.js';
import { parseSyncOptions } from './sync-options.js';

/** What may be deleted at once; both given: only what exceeds both is held. */
interface Limit {
  readonly percent: number | undefined;
  readonly count: number | undefined;
}

/** Limits as they are written on the project and in `argocd-cm`; the Application's own annotation comes before both. */
export interface DeleteLimits {
  readonly project?: string | undefined;
  readonly installation?: string | undefined;
}

export interface DeleteVerdict {
  readonly exceeded: boolean;
  /** Objects that would go. */
  readonly deleted: number;
  readonly live: number;
  /** The limit in words, for messages. */
  readonly limit: string;
}

const DEFAULT_PRUNE_LIMIT = '50%,10';

/** Resources that a sync with prune would delete. */
export function prunableResources(
  resources: readonly ManagedResource[],
  syncOptions: readonly string[],
): readonly ManagedResource[] {
  return resources.filter(({ requiresPruning, unreadable, live, hooks }) => {
    if (!requiresPruning || unreadable || live === undefined || hooks.length > 0) return false;
    if (isHook(live) || isSkipped(live)) return false;
    return parseSyncOptions(syncOptions, live).prune !== false;
  });
}

/**
 * The annotation `tiphys.dev/prune-limit` of the Application, else of its project, else `tiphys.pruneLimit` of `argocd-cm`,
 * else `50%,10`: a share of the live objects, a number, or both. A child Application that takes its resources with it counts
 * with all of them.
 */
export function checkPruneLimit(
  app: Application,
  resources: readonly ManagedResource[],
  { syncOptions, limits }: { readonly syncOptions: readonly string[]; readonly limits: DeleteLimits | undefined },
): DeleteVerdict {
  const deleted = weightOf(prunableResources(resources, syncOptions).flatMap(({ live }) => live ?? []));
  const live = weightOf(resources.flatMap((resource) => (resource.hooks.length > 0 ? [] : (resource.live ?? []))));
  const own = app.metadata.annotations?.[ANNOTATIONS.pruneLimit];
  return verdict({ deleted, live }, [own, limits?.project, limits?.installation, DEFAULT_PRUNE_LIMIT]);
}

/**
 * Like checkPruneLimit for the resources that go with an Application: `tiphys.dev/cascade-limit` and `tiphys.cascadeLimit`.
 * Nothing is held unless somebody has set one: who deletes an Application with the finalizer has asked for just that.
 */
export function checkCascadeLimit(
  app: Application,
  doomed: readonly KubernetesObject[],
  limits: DeleteLimits | undefined,
): DeleteVerdict {
  const deleted = weightOf(doomed);
  const own = app.metadata.annotations?.[ANNOTATIONS.cascadeLimit];
  return verdict({ deleted, live: deleted }, [own, limits?.project, limits?.installation]);
}

/** Why nothing is deleted, and what to do, for conditions. */
export function overPruneLimit({ deleted, live, limit }: DeleteVerdict): string {
  return (
    `it would delete ${deleted} of ${live} live objects, over the limit of ${limit}; sync by hand, or set the annotation ` +
    `${ANNOTATIONS.deletionApproved} to the time now, or raise ${ANNOTATIONS.pruneLimit}`
  );
}

/** `50%`, `20`, or `50%,20`; undefined when it says something else. */
export function parseDeleteLimit(text: string): Limit | undefined {
  const parts = text.split(',').map((part) => part.trim());
  const percent = parts.map((part) => /^(\d{1,3})\s*%$/.exec(part)?.[1]).filter((value) => value !== undefined);
  const count = parts.filter((part) => /^\d{1,9}$/.test(part));
  if (percent.length > 1 || count.length > 1 || percent.length + count.length !== parts.length) return undefined;
  return { percent: numberOf(percent), count: numberOf(count) };
}

/** An approval by annotation that was given after `since` (RFC 3339); an approval counts once. */
export function isDeletionApproved(app: Application, since: string | undefined): boolean {
  const approved = Date.parse(app.metadata.annotations?.[ANNOTATIONS.deletionApproved] ?? '');
  return !Number.isNaN(approved) && (since === undefined || approved > Date.parse(since));
}

interface Counted {
  readonly deleted: number;
  readonly live: number;
}

/** The first text that can be read decides. */
function verdict({ deleted, live }: Counted, texts: readonly (string | undefined)[]): DeleteVerdict {
  const given = texts.filter((text) => text !== undefined && text.trim() !== '') as readonly string[];
  const limit = given.map(parseDeleteLimit).find((parsed) => parsed !== undefined);
  const counted = { deleted, live };
  if (limit === undefined) return { ...counted, exceeded: false, limit: 'none' };
  const tests = [
    limit.percent === undefined || deleted * 100 > live * limit.percent,
    limit.count === undefined || deleted > limit.count,
  ];
  return { ...counted, exceeded: deleted > 0 && tests.every(Boolean), limit: inWords(limit) };
}

function inWords({ percent, count }: Limit): string {
  const objects = count === undefined ? undefined : `${count} objects`;
  if (percent === undefined) return objects ?? 'none';
  return objects === undefined ? `${percent}%` : `${percent}% and more than ${objects}`;
}

function numberOf([text]: readonly string[]): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function weightOf(objects: readonly KubernetesObject[]): number {
  return objects.reduce((sum, object) => sum + 1 + resourcesBelow(object), 0);
}

/** What would go with a child Application. */
function resourcesBelow(object: KubernetesObject): number {
  if (object.kind !== 'Application' || groupOf(object.apiVersion) !== GROUP) return 0;
  if (cascadeModeOf(object.metadata.finalizers) === undefined) return 0;
  return (object as unknown as Application).status?.resources?.length ?? 0;
}
