/** Live settings: ConfigMaps and Secrets of the control-plane namespace, parsed when they change and frozen. */

import { createHash } from 'node:crypto';
import { createInformer, type KubeClient, RESOURCES } from '@tiphys/cluster';
import { compileIgnoreDifferences, type IgnoreRules } from '@tiphys/gitops-engine';
import { CONFIG_OBJECTS, DEPLOYMENT_SECRET_TYPE, type KubernetesObject } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import {
  type Cluster,
  compileExclusions,
  configMapData,
  type ExclusionTest,
  type HealthScript,
  isInClusterEnabled,
  parseClusters,
  parseComparisonSettings,
  parseReconciliationSettings,
  parseRenderSettings,
  parseRepositories,
  type RenderSettings,
  type Repository,
  type ResourceSettings,
  type SecretRecord,
  type SettingsData,
  toSecretRecord,
} from '@tiphys/settings';
import type { ControllerSettings } from '../ports.js';

export interface SettingsSnapshot {
  readonly controller: ControllerSettings;
  readonly renderSettings: RenderSettings;
  readonly repositories: readonly Repository[];
  readonly clusters: readonly Cluster[];
  readonly secrets: ReadonlyMap<string, SecretRecord>;
  /** Data of a ConfigMap by name. */
  readonly configMap: (name: string) => SettingsData;
  readonly isExcluded: ExclusionTest;
  /** Further namespaces with Applications (A31). */
  readonly applicationNamespaces: readonly string[];
  /** Fields whose updates start no comparison (C19). */
  readonly ignoredUpdates: IgnoreRules;
  /** The same array until a ConfigMap or Secret changes. */
  readonly healthScripts: readonly HealthScript[];
}

export interface SettingsSource {
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  current(): SettingsSnapshot;
}

export interface SettingsSourceOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly log: Logger;
  /** Called when a setting that changes comparisons changed. */
  readonly onChange: () => void;
}

export function createSettingsSource({ client, namespace, log, onChange }: SettingsSourceOptions): SettingsSource {
  let snapshot: SettingsSnapshot | undefined;
  let started = false;
  const changed = (): void => {
    const before = snapshot?.controller.fingerprint;
    snapshot = undefined;
    if (started && before !== undefined && current().controller.fingerprint !== before) onChange();
  };
  const configMaps = createInformer<KubernetesObject>({
    client,
    resource: RESOURCES.configMaps,
    namespace,
    log,
    onChange: changed,
  });
  const secrets = createInformer<SecretRecord>({
    client,
    resource: RESOURCES.secrets,
    namespace,
    // What was deployed is large, changes with every sync and holds no settings.
    fieldSelector: `type!=${DEPLOYMENT_SECRET_TYPE}`,
    log,
    transform: toSecretRecord,
    onChange: changed,
  });

  function current(): SettingsSnapshot {
    snapshot ??= parseSnapshot((name) => configMapData(configMaps.get(namespace, name)), secrets.list(), log);
    return snapshot;
  }

  return {
    async start(signal) {
      await Promise.all([configMaps.start(signal), secrets.start(signal)]);
      started = true;
    },
    async stop() {
      await Promise.all([configMaps.stop(), secrets.stop()]);
    },
    current,
  };
}

function parseSnapshot(
  configMap: (name: string) => SettingsData,
  secrets: readonly SecretRecord[],
  log: Logger,
): SettingsSnapshot {
  const settings = configMap(CONFIG_OBJECTS.settings);
  const comparison = parseComparisonSettings(settings);
  const reconciliation = parseReconciliationSettings(settings, configMap(CONFIG_OBJECTS.parameters));
  const render = parseRenderSettings(settings, configMap(CONFIG_OBJECTS.parameters));
  const repositories = parseRepositories(secrets);
  const clusters = parseClusters(secrets, { inClusterEnabled: isInClusterEnabled(settings) });
  for (const { key, message } of [comparison, reconciliation, render, repositories, clusters].flatMap(
    (parsed) => parsed.problems,
  )) {
    log.warn('a setting is not usable; its default is used', { key, problem: message });
  }
  const { intervalMs = 0, jitterMs, hardIntervalMs = 0, selfHeal, syncTimeoutMs = 0 } = reconciliation.settings;
  const { persistResourceHealth, pruneLimit, cascadeLimit, serverSideDiff } = reconciliation.settings;
  const deleteLimits = { prune: pruneLimit, cascade: cascadeLimit };
  const paused = clusters.settings.filter(({ skipReconcile }) => skipReconcile).map(({ server }) => server);
  const isExcluded = compileExclusions(comparison.settings.resourceFilter);
  return {
    controller: {
      comparison: { ...comparison.settings, serverSideDiff },
      fingerprint: hashOf([
        comparison.settings,
        persistResourceHealth,
        serverSideDiff,
        deleteLimits,
        paused,
        render.settings,
      ]),
      pollIntervalMs: intervalMs,
      pollJitterMs: jitterMs,
      hardRefreshAfterMs: hardIntervalMs,
      selfHealBackoff: { timeoutMs: selfHeal.timeoutMs, factor: selfHeal.factor, capMs: selfHeal.capMs },
      syncTimeoutMs,
      repoErrorGraceMs: reconciliation.settings.repoErrorGracePeriodMs,
      deleteLimits,
      waveDelayMs: reconciliation.settings.waveDelayMs,
      impersonation: reconciliation.settings.impersonation,
      isExcluded,
      persistResourceHealth,
      sensitiveAnnotations: comparison.settings.sensitiveAnnotations,
    },
    renderSettings: render.settings,
    applicationNamespaces: reconciliation.settings.applicationNamespaces,
    repositories: repositories.settings,
    clusters: clusters.settings,
    secrets: new Map(secrets.map((secret) => [secret.name, secret])),
    configMap,
    ignoredUpdates: ignoredUpdates(comparison.settings),
    isExcluded,
    healthScripts: comparison.settings.healthScripts,
  };
}

/** What is ignored in a diff is ignored here, too, unless `ignoreDifferencesOnResourceUpdates: false` says otherwise (C10). */
function ignoredUpdates(settings: ResourceSettings): IgnoreRules {
  if (!settings.ignoreResourceUpdatesEnabled) return compileIgnoreDifferences([]);
  const differences = settings.ignoreDifferencesOnResourceUpdates ? settings.ignoreDifferences : [];
  // Never used up: each object has its own limit, and these rules live as long as the settings.
  return compileIgnoreDifferences([...settings.ignoreResourceUpdates, ...differences], Number.POSITIVE_INFINITY);
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url');
}
