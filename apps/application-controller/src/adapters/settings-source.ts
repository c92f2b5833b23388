/** Live settings: ConfigMaps and Secrets of the control-plane namespace, parsed when they change and frozen. */

import { createHash } from 'node:crypto';
import { createInformer, type KubeClient, RESOURCES, type SettingsReport } from '@tiphys/cluster';
import { compileIgnoreDifferences, type IgnoreRules } from '@tiphys/gitops-engine';
import {
  CONFIG_OBJECTS,
  DEPLOYMENT_SECRET_TYPE,
  type GlobalProject,
  type KubernetesObject,
  LABELS,
} from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import {
  type Cluster,
  checkSettings,
  compileExclusions,
  configMapData,
  createSettingsKeeper,
  type EventLabelSettings,
  type ExclusionTest,
  type HealthScript,
  isInClusterEnabled,
  parseClusters,
  parseComparisonSettings,
  parseEventLabelSettings,
  parseGlobalProjects,
  parseReconciliationSettings,
  parseRenderSettings,
  parseRepositories,
  type RenderSettings,
  type Repository,
  type ResourceSettings,
  SETTINGS_CONFIG_MAPS,
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
  /** Projects that others inherit from (F08). */
  readonly globalProjects: readonly GlobalProject[];
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
  /** Which labels of an Application and its project its Events carry (M09). */
  readonly eventLabels: EventLabelSettings;
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
  readonly report: Pick<SettingsReport, 'report'>;
  /** Called when a setting that changes comparisons changed. */
  readonly onChange: () => void;
}

/** Several changes at once are looked at together. */
const SETTLE_MS = 50;

export function createSettingsSource(options: SettingsSourceOptions): SettingsSource {
  const { client, namespace, log, report, onChange } = options;
  const keeper = createSettingsKeeper(checkSettings, CONFIG_OBJECTS.secret);
  let snapshot: SettingsSnapshot | undefined;
  /** What the last comparisons were made with. */
  let fingerprint: string | undefined;
  let looking: NodeJS.Timeout | undefined;
  let started = false;
  const changed = (): void => {
    snapshot = undefined;
    if (started) looking ??= setTimeout(look, SETTLE_MS);
  };
  const common = { client, namespace, log, onChange: changed };
  const configMaps = createInformer<KubernetesObject>({ ...common, resource: RESOURCES.configMaps });
  const secrets = createInformer<SecretRecord>({
    ...{ ...common, resource: RESOURCES.secrets },
    // What was deployed is large, changes with every sync and holds no settings.
    fieldSelector: `type!=${DEPLOYMENT_SECRET_TYPE}`,
    transform: toSecretRecord,
  });
  const configMap = (name: string): SettingsData => configMapData(configMaps.get(namespace, name));

  function current(): SettingsSnapshot {
    if (snapshot !== undefined) return snapshot;
    const all = secrets.list();
    const { inputs, invalid } = keeper.update({
      configMaps: Object.fromEntries(SETTINGS_CONFIG_MAPS.map((name) => [name, configMap(name)])),
      secret: all.find(({ name }) => name === CONFIG_OBJECTS.secret)?.data ?? {},
      records: all.filter(({ labels }) => labels[LABELS.secretType] !== undefined),
    });
    report.report(invalid);
    const kept = new Map(inputs.records.map((record) => [record.name, record]));
    const effective = all.map((record) => kept.get(record.name) ?? record);
    snapshot = parseSnapshot((name) => inputs.configMaps[name] ?? configMap(name), effective);
    return snapshot;
  }

  function look(): void {
    looking = undefined;
    const before = fingerprint;
    fingerprint = current().controller.fingerprint;
    if (before !== undefined && before !== fingerprint) onChange();
  }

  return {
    async start(signal) {
      await Promise.all([configMaps.start(signal), secrets.start(signal)]);
      started = true;
      look();
    },
    async stop() {
      clearTimeout(looking);
      await Promise.all([configMaps.stop(), secrets.stop()]);
    },
    current,
  };
}

function parseSnapshot(configMap: (name: string) => SettingsData, secrets: readonly SecretRecord[]): SettingsSnapshot {
  const settings = configMap(CONFIG_OBJECTS.settings);
  const comparison = parseComparisonSettings(settings);
  const reconciliation = parseReconciliationSettings(settings, configMap(CONFIG_OBJECTS.parameters));
  const render = parseRenderSettings(settings, configMap(CONFIG_OBJECTS.parameters));
  const repositories = parseRepositories(secrets);
  const clusters = parseClusters(secrets, { inClusterEnabled: isInClusterEnabled(settings) });
  const { intervalMs = 0, jitterMs, hardIntervalMs = 0, selfHeal, syncTimeoutMs = 0 } = reconciliation.settings;
  const { persistResourceHealth, pruneLimit, cascadeLimit, serverSideDiff } = reconciliation.settings;
  const deleteLimits = { prune: pruneLimit, cascade: cascadeLimit };
  const globalProjects = parseGlobalProjects(settings).settings;
  const ofProjects = clusters.settings.flatMap(({ server, name, project }) =>
    project ? [[server, name, project]] : [],
  );
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
        globalProjects,
        ofProjects,
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
    globalProjects,
    secrets: new Map(secrets.map((secret) => [secret.name, secret])),
    configMap,
    ignoredUpdates: ignoredUpdates(comparison.settings),
    isExcluded,
    healthScripts: comparison.settings.healthScripts,
    eventLabels: parseEventLabelSettings(settings).settings,
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
