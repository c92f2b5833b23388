/** One comparison of an application: render, read live state, decide, and ask the API server only about what is unsure. */
import {
  type ComparisonInput,
  type ComparisonResult,
  compareState,
  type PredictedLive,
  type PreparedTargets,
  prepareTargets,
} from '@tiphys/gitops-engine';
import {
  ANNOTATIONS,
  type Application,
  type ApplicationSource,
  instanceNameOf,
  type KubernetesObject,
  kubernetesTime,
  type ResourceKeyString,
  resourceKeyString,
} from '@tiphys/model';
import type { Clock } from '@tiphys/runtime';
import type {
  CacheMode,
  Clusters,
  ControllerSettings,
  DestinationCluster,
  ManifestSource,
  RenderedManifests,
  ResourceWriter,
} from '../ports.js';
import { alignVersions, type VersionMemory, type WantedVersion } from './align-versions.js';
import type { ConfiguredHealth, EvaluatedHealth } from './configured-health.js';
import { type PredictionMemory, predictUnsure } from './predict.js';

export interface ComparisonDeps {
  readonly manifests: ManifestSource;
  readonly clusters: Clusters;
  readonly writer: ResourceWriter;
  readonly predictions: PredictionMemory;
  readonly versions: VersionMemory;
  readonly settings: () => Pick<ControllerSettings, 'comparison' | 'isExcluded'>;
  /** Health scripts of the administrator (E05). */
  readonly configuredHealth: ConfiguredHealth;
  readonly namespace: string;
  readonly clock: Clock;
}

export interface ComparisonRequest {
  readonly app: Application;
  readonly sources: readonly ApplicationSource[];
  readonly revisions: readonly (string | undefined)[];
  readonly cacheMode: CacheMode;
  readonly resolvedAfterMs: number;
  /** Sync options of the operation; the application's own when nothing else is said. */
  readonly syncOptions: readonly string[];
}

export interface AppComparison {
  readonly cluster: DestinationCluster;
  readonly rendered: RenderedManifests;
  readonly result: ComparisonResult;
  readonly live: ReadonlyMap<ResourceKeyString, KubernetesObject>;
  readonly configuredHealth: EvaluatedHealth;
}

/** Renders the sources for the destination cluster. Errors of the repo-server pass through. */
export function renderTargets(
  deps: Pick<ComparisonDeps, 'manifests'>,
  request: ComparisonRequest,
  { cluster, signal }: { readonly cluster: DestinationCluster; readonly signal: AbortSignal },
): Promise<RenderedManifests> {
  const { discovery } = cluster.cache;
  const { kubeVersion } = discovery;
  return deps.manifests.generate({ ...request, kubeVersion, apiVersions: discovery.apiVersions() }, signal);
}

/** Compares already rendered manifests with the cluster. */
export async function compareRendered(
  deps: ComparisonDeps,
  request: ComparisonRequest,
  context: { readonly rendered: RenderedManifests; readonly cluster: DestinationCluster; readonly signal: AbortSignal },
): Promise<AppComparison> {
  const { rendered, cluster, signal } = context;
  const unprepared = comparisonInput(deps, request, context);
  const base = { ...unprepared, prepared: prepareTargets(unprepared) };
  const wanted = wantedResources(base);
  const keys = wanted.map(({ key }) => key);
  const found = await cluster.cache.managedLiveState(base.instanceName, keys, signal);
  const live = await alignVersions(found, wanted, { cluster, memory: deps.versions, signal });
  const configuredHealth = await deps.configuredHealth.of(live.values());
  const input: ComparisonInput = { ...base, live, healthOverrides: configuredHealth.overrides };
  const first = compareState(input);
  const known = { cluster, rendered, live, configuredHealth };
  if (first.unsure.length === 0) return { ...known, result: first };
  const predicted = await predictUnsure(
    deps,
    { cluster, resources: first.resources, unsure: first.unsure, anew: request.cacheMode === 'hard' },
    signal,
  );
  return { ...known, result: compareState({ ...input, predicted }) };
}

type RenderContext = { readonly rendered: RenderedManifests; readonly cluster: DestinationCluster };

function comparisonInput(deps: ComparisonDeps, request: ComparisonRequest, context: RenderContext): ComparisonInput {
  const { app } = request;
  const { discovery } = context.cluster.cache;
  const self = { namespace: app.metadata.namespace ?? deps.namespace, name: app.metadata.name ?? '' };
  return {
    instanceName: instanceNameOf(self, deps.namespace),
    self,
    destinationNamespace: app.spec.destination.namespace ?? '',
    targets: context.rendered.targets,
    live: new Map(),
    scopeOf: (groupKind) => {
      const resource = discovery.resolve(groupKind);
      if (resource === undefined) return undefined;
      return resource.namespaced ? 'namespaced' : 'cluster';
    },
    isExcluded: (groupKind) => deps.settings().isExcluded(groupKind, context.cluster.server),
    ignoreDifferences: app.spec.ignoreDifferences ?? [],
    syncOptions: request.syncOptions,
    compareOptions: compareOptionsOf(app),
    managedNamespaceMetadata: app.spec.syncPolicy?.managedNamespaceMetadata,
    settings: deps.settings().comparison,
    unreadable: context.cluster.cache.unreadable(),
    predicted: new Map<ResourceKeyString, PredictedLive>(),
    previousHealth: app.status?.health,
    now: kubernetesTime(deps.clock.now()),
  };
}

function wantedResources(input: ComparisonInput & { readonly prepared: PreparedTargets }): readonly WantedVersion[] {
  const targets = input.prepared.targets.map(({ key, object }) => ({ key, apiVersion: object.apiVersion }));
  const wantsNamespace = input.destinationNamespace !== '' && input.syncOptions.includes('CreateNamespace=true');
  if (!wantsNamespace) return targets;
  const key = { group: '', kind: 'Namespace', namespace: '', name: input.destinationNamespace };
  return [...targets, { key, apiVersion: 'v1' }];
}

/** C03, C04: options of the Application itself. */
function compareOptionsOf(app: Application): readonly string[] {
  const text = app.metadata.annotations?.[ANNOTATIONS.compareOptions] ?? '';
  return text
    .split(',')
    .map((option) => option.trim())
    .filter((option) => option !== '');
}

export function liveNamespace(comparison: AppComparison, name: string): KubernetesObject | undefined {
  return comparison.live.get(resourceKeyString({ group: '', kind: 'Namespace', namespace: '', name }));
}
