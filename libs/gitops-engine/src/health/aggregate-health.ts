/** Health of an application: the worst health of its own resources (E02, E03). */
import {
  ANNOTATIONS,
  GROUP,
  type HealthStatus,
  type HealthStatusCode,
  type KubernetesObject,
  type ResourceKey,
} from '@tiphys/model';
import { isSkipped } from '../sync/hooks.js';
import { worse } from './worse.js';

/** What a resource contributes; a ManagedResource has all of it. */
export interface HealthContribution {
  readonly key: ResourceKey;
  readonly target?: KubernetesObject | undefined;
  readonly live: KubernetesObject | undefined;
  readonly health: HealthStatus | undefined;
  readonly hooks: readonly unknown[];
}

export interface HealthHistory {
  readonly previous?: HealthStatus | undefined;
  /** RFC 3339: the transition time of a health that changed. */
  readonly now?: string;
  /** The application itself: an application that manages itself does not judge itself. */
  readonly self?: { readonly namespace: string; readonly name: string };
}

/**
 * The worst health of the resources. Hooks, objects that Git says to skip, resources with `ignore-healthcheck`, the application itself and child
 * applications that are Missing or Unknown do not count. A missing resource shows as OutOfSync, so the application is
 * Missing only when nothing of it is live. The transition time is kept while the code stays the same.
 */
export function aggregateHealth(resources: readonly HealthContribution[], history: HealthHistory = {}): HealthStatus {
  const counted = resources.filter(({ hooks, target }) => hooks.length === 0 && !(target && isSkipped(target)));
  const allMissing = counted.length > 0 && counted.every((resource) => resource.live === undefined);
  const codes = counted.flatMap((resource) => codeOf(resource, history));
  const status = codes.reduce<HealthStatusCode>(worse, allMissing ? 'Missing' : 'Healthy');
  return withTransition(status, history);
}

function codeOf(resource: HealthContribution, { self }: HealthHistory): readonly HealthStatusCode[] {
  const { live } = resource;
  const code = resource.health?.status;
  if (live === undefined || code === undefined) return [];
  if (live.metadata.annotations?.[ANNOTATIONS.ignoreHealthcheck] === 'true') return [];
  return isUncountedApplication(resource.key, code, self) ? [] : [code];
}

function isUncountedApplication(key: ResourceKey, code: HealthStatusCode, self: HealthHistory['self']): boolean {
  if (key.group !== GROUP || key.kind !== 'Application') return false;
  const isSelf = key.name === self?.name && key.namespace === self.namespace;
  return isSelf || code === 'Missing' || code === 'Unknown';
}

function withTransition(status: HealthStatusCode, { previous, now }: HealthHistory): HealthStatus {
  if (previous?.status === status) return previous;
  return now === undefined ? { status } : { status, lastTransitionTime: now };
}
