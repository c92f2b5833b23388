/** Live settings from the ConfigMaps and Secrets of the control-plane namespace: watched, parsed once per change. */
import { createInformer, type KubeClient, RESOURCES } from '@tiphys/cluster';
import { CONFIG_OBJECTS, type KubernetesObject, LABELS } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import {
  type AccountSettings,
  type ActionCustomization,
  type Cluster,
  configMapData,
  decodeSecretData,
  type EventLabelSettings,
  isInClusterEnabled,
  type Parsed,
  parseAccountSettings,
  parseActionCustomizations,
  parseClusters,
  parseEventLabelSettings,
  parseRepositories,
  parseServerSettings,
  parseWebhookSettings,
  type Repository,
  type SecretRecord,
  type ServerSettings,
  type SettingsData,
  toSecretRecord,
  type WebhookSettings,
} from '@tiphys/settings';

/** What the API server needs to know of the installation's settings, now. */
export interface LiveSettings {
  accounts(): AccountSettings;
  server(): ServerSettings;
  webhook(): WebhookSettings;
  repositories(): readonly Repository[];
  clusters(): readonly Cluster[];
  /** Resource actions of the administrator (E12). */
  actions(): readonly ActionCustomization[];
  /** Labels that Events of Applications carry. */
  eventLabels(): EventLabelSettings;
  /** The Secret that registers a cluster. */
  clusterSecret(name: string): SecretRecord | undefined;
  /** Changes with every change of any of them. */
  version(): number;
  /** `data` of a ConfigMap of the control-plane namespace; empty when there is none. */
  configMap(name: string): SettingsData;
}

export interface ConfigObjects extends LiveSettings {
  /** After our own write: the next read sees it before the watch does. */
  observe(kind: 'configMaps' | 'secrets', object: KubernetesObject): void;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface ConfigObjectsOptions {
  readonly kube: KubeClient;
  readonly namespace: string;
  readonly log: Logger;
}

const EMPTY: SettingsData = {};
const CREDENTIALS = `${LABELS.secretType} in (repository,repo-creds,repository-write,repo-write-creds,cluster)`;

export function watchConfigObjects({ kube: client, namespace, log }: ConfigObjectsOptions): ConfigObjects {
  let version = 0;
  const common = { client, namespace, log, onChange: () => void (version += 1) };
  const configMaps = createInformer<NamedData>({
    ...{ ...common, resource: RESOURCES.configMaps },
    transform: (object) => ({ name: object.metadata.name ?? '', data: configMapData(object) }),
  });
  const secret = createInformer<SettingsData>({
    ...{ ...common, resource: RESOURCES.secrets, fieldSelector: `metadata.name=${CONFIG_OBJECTS.secret}` },
    transform: decodeSecretData,
  });
  const credentials = createInformer<SecretRecord>({
    ...{ ...common, resource: RESOURCES.secrets, labelSelector: CREDENTIALS, transform: toSecretRecord },
  });
  const informers = [configMaps, secret, credentials];
  const sources: SettingsSources = {
    version: () => version,
    configMap: (name) => configMaps.get(namespace, name)?.data ?? EMPTY,
    secret: () => secret.get(namespace, CONFIG_OBJECTS.secret) ?? EMPTY,
    credentials: () => credentials.list(),
  };
  return {
    ...liveSettings(sources, log),
    observe: (kind, object) => {
      if (kind === 'configMaps') configMaps.observe(object);
      else if (object.metadata.name === CONFIG_OBJECTS.secret) secret.observe(object);
      else credentials.observe(object);
    },
    start: async (signal) => {
      await Promise.all(informers.map((informer) => informer.start(signal)));
    },
    stop: async () => {
      await Promise.all(informers.map((informer) => informer.stop()));
    },
  };
}

interface NamedData {
  readonly name: string;
  readonly data: SettingsData;
}

export interface SettingsSources {
  /** Changes with every change of any source. */
  readonly version: () => number;
  readonly configMap: (name: string) => SettingsData;
  /** Decoded argocd-secret. */
  readonly secret: () => SettingsData;
  /** Repository, template and cluster Secrets. */
  readonly credentials: () => readonly SecretRecord[];
}

/** Settings over any sources; what is not understood is logged once per change. */
export function liveSettings(sources: SettingsSources, log: Logger): LiveSettings {
  const { configMap, secret, credentials } = sources;
  const argocdCm = () => configMap(CONFIG_OBJECTS.settings);
  const perChange = <T>(parse: () => Parsed<T>): (() => T) => {
    let known: { readonly version: number; readonly value: T } | undefined;
    return () => {
      const version = sources.version();
      if (known?.version === version) return known.value;
      const { settings: value, problems } = parse();
      for (const { key, message } of problems) log.warn('a setting is not understood', { key, problem: message });
      known = { version, value };
      return value;
    };
  };
  return {
    accounts: perChange(() => parseAccountSettings(argocdCm(), secret())),
    server: perChange(() => parseServerSettings(argocdCm(), configMap(CONFIG_OBJECTS.parameters))),
    webhook: perChange(() =>
      parseWebhookSettings({
        ...{ argocdCm: argocdCm(), argocdCmdParamsCm: configMap(CONFIG_OBJECTS.parameters) },
        argocdSecret: secret(),
      }),
    ),
    repositories: perChange(() => parseRepositories(credentials())),
    clusters: perChange(() => parseClusters(credentials(), { inClusterEnabled: isInClusterEnabled(argocdCm()) })),
    actions: perChange(() => parseActionCustomizations(argocdCm())),
    eventLabels: perChange(() => parseEventLabelSettings(argocdCm())),
    clusterSecret: (name) => credentials().find((record) => record.name === name),
    version: sources.version,
    configMap,
  };
}
