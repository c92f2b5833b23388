/** Live settings from the ConfigMaps and Secrets of the control-plane namespace: watched, parsed once per change. */
import { createInformer, type KubeClient, RESOURCES, type SettingsReport } from '@tiphys/cluster';
import { CONFIG_OBJECTS, type InvalidSetting, type KubernetesObject, LABELS } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import {
  type AccountSettings,
  type ActionCustomization,
  type Cluster,
  checkServerSecret,
  checkSettings,
  configMapData,
  createSettingsKeeper,
  decodeSecretData,
  type EventLabelSettings,
  type FederationSettings,
  type HttpServerSettings,
  isInClusterEnabled,
  type Parsed,
  type ProxyExtensionSettings,
  parseAccountSettings,
  parseActionCustomizations,
  parseClusters,
  parseEventLabelSettings,
  parseExtensionSettings,
  parseFederationSettings,
  parseHttpServerSettings,
  parseRepositories,
  parseServerSettings,
  parseShownSettings,
  parseSsoSettings,
  parseTerminalSettings,
  parseWebhookSettings,
  type Repository,
  SETTINGS_CONFIG_MAPS,
  type SecretRecord,
  type SecretSources,
  type ServerSettings,
  type SettingsData,
  type SettingsInputs,
  type ShownSettings,
  type SsoSettings,
  type TerminalSettings,
  toSecretRecord,
  type WebhookSettings,
} from '@tiphys/settings';
import { checkPolicy } from '../auth/policy-check.js';

/** What the API server needs to know of the installation's settings, now. */
export interface LiveSettings {
  accounts(): AccountSettings;
  server(): ServerSettings;
  /** What user interfaces are told. */
  shown(): ShownSettings;
  webhook(): WebhookSettings;
  /** Single sign-on; with its secrets. */
  sso(): SsoSettings;
  repositories(): readonly Repository[];
  clusters(): readonly Cluster[];
  federation(): FederationSettings;
  terminal(): TerminalSettings;
  extensions(): ProxyExtensionSettings;
  /** Resource actions of the administrator (E12). */
  actions(): readonly ActionCustomization[];
  /** Headers and media types of the HTTP side (F36). */
  http(): HttpServerSettings;
  /** Labels that Events of Applications carry. */
  eventLabels(): EventLabelSettings;
  /** The Secret that registers a cluster. */
  clusterSecret(name: string): SecretRecord | undefined;
  /** What cannot be used now; the last good values hold. */
  invalid(): readonly InvalidSetting[];
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
  readonly report: Pick<SettingsReport, 'report'>;
}

const EMPTY: SettingsData = {};
/** Several changes at once are looked at together. */
const SETTLE_MS = 50;
/** F28: `$<secret>:<key>` looks at Secrets with this label only. */
const REFERENCED = `${LABELS.partOf}=argocd`;
const CREDENTIALS = `${LABELS.secretType} in (repository,repo-creds,repository-write,repo-write-creds,cluster)`;

export function watchConfigObjects({ kube: client, namespace, log, report }: ConfigObjectsOptions): ConfigObjects {
  let version = 0;
  const common = { client, namespace, log, onChange: () => changed() };
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
  const referenced = createInformer<SecretRecord>({
    ...{ ...common, resource: RESOURCES.secrets, labelSelector: REFERENCED, transform: toSecretRecord },
  });
  const informers = [configMaps, secret, credentials, referenced];
  const configMap = (name: string) => configMaps.get(namespace, name)?.data ?? EMPTY;
  const sources = keptSources({
    version: () => version,
    configMap,
    inputs: () => ({
      configMaps: Object.fromEntries(SETTINGS_CONFIG_MAPS.map((name) => [name, configMap(name)])),
      secret: secret.get(namespace, CONFIG_OBJECTS.secret) ?? EMPTY,
      records: credentials.list(),
      others: byName(referenced.list()),
    }),
    referenced: () => referenced.list(),
  });
  let started = false;
  // What is bad is told when it comes, not when somebody reads it next; half a list says nothing.
  let looking: NodeJS.Timeout | undefined;
  const look = (): void => {
    looking = undefined;
    report.report(sources.invalid());
  };
  function changed(): void {
    version += 1;
    if (started) looking ??= setTimeout(look, SETTLE_MS);
  }
  return {
    ...liveSettings(sources),
    observe: (kind, object) => {
      if (kind === 'configMaps') configMaps.observe(object);
      else if (object.metadata.name === CONFIG_OBJECTS.secret) secret.observe(object);
      else credentials.observe(object);
    },
    start: async (signal) => {
      await Promise.all(informers.map((informer) => informer.start(signal)));
      started = true;
      look();
    },
    stop: async () => {
      clearTimeout(looking);
      await Promise.all(informers.map((informer) => informer.stop()));
    },
  };
}

function byName(records: readonly SecretRecord[]): Readonly<Record<string, SettingsData>> {
  return Object.fromEntries(records.map(({ name, data }) => [name, data]));
}

interface NamedData {
  readonly name: string;
  readonly data: SettingsData;
}

interface RawSources {
  readonly version: () => number;
  readonly configMap: (name: string) => SettingsData;
  readonly inputs: () => SettingsInputs;
  readonly referenced: () => readonly SecretRecord[];
}

/** The sources with last good values in the place of bad ones. */
function keptSources({ version, configMap, inputs, referenced }: RawSources): SettingsSources {
  const check = (all: SettingsInputs) => [...checkSettings(all), ...checkServerSecret(all), ...checkPolicy(all)];
  const keeper = createSettingsKeeper(check, CONFIG_OBJECTS.secret);
  let known: { readonly version: number; readonly kept: ReturnType<typeof keeper.update> } | undefined;
  const kept = () => {
    const now = version();
    if (known?.version !== now) known = { version: now, kept: keeper.update(inputs()) };
    return known.kept;
  };
  return {
    version,
    configMap: (name) => kept().inputs.configMaps[name] ?? configMap(name),
    secret: () => kept().inputs.secret,
    credentials: () => kept().inputs.records,
    referenced,
    invalid: () => kept().invalid,
  };
}

export interface SettingsSources {
  /** Changes with every change of any source. */
  readonly version: () => number;
  readonly configMap: (name: string) => SettingsData;
  /** Decoded argocd-secret. */
  readonly secret: () => SettingsData;
  /** Repository, template and cluster Secrets. */
  readonly credentials: () => readonly SecretRecord[];
  /** Secrets that settings may refer to. */
  readonly referenced: () => readonly SecretRecord[];
  readonly invalid: () => readonly InvalidSetting[];
}

/** Settings over any sources, parsed once per change; what is wrong with them is reported by whoever feeds the sources. */
export function liveSettings(sources: SettingsSources): LiveSettings {
  const { configMap, secret, credentials, referenced } = sources;
  const argocdCm = () => configMap(CONFIG_OBJECTS.settings);
  const argocdCmdParamsCm = () => configMap(CONFIG_OBJECTS.parameters);
  const secrets = (): SecretSources => ({
    argocdSecret: secret(),
    others: byName(referenced()),
  });
  const perChange = <T>(parse: () => Parsed<T>): (() => T) => {
    let known: { readonly version: number; readonly value: T } | undefined;
    return () => {
      const version = sources.version();
      if (known?.version !== version) known = { version, value: parse().settings };
      return known.value;
    };
  };
  return {
    accounts: perChange(() => parseAccountSettings(argocdCm(), secret())),
    server: perChange(() => parseServerSettings(argocdCm(), argocdCmdParamsCm())),
    shown: perChange(() => parseShownSettings(argocdCm())),
    webhook: perChange(() =>
      parseWebhookSettings({ argocdCm: argocdCm(), argocdCmdParamsCm: argocdCmdParamsCm(), ...secrets() }),
    ),
    sso: perChange(() => parseSsoSettings(argocdCm(), secrets(), argocdCmdParamsCm())),
    federation: perChange(() => parseFederationSettings(argocdCm())),
    terminal: perChange(() => parseTerminalSettings(argocdCm())),
    extensions: perChange(() =>
      parseExtensionSettings({
        ...{ argocdCm: argocdCm(), argocdCmdParamsCm: configMap(CONFIG_OBJECTS.parameters) },
        secrets: { argocdSecret: secret() },
      }),
    ),
    repositories: perChange(() => parseRepositories(credentials())),
    clusters: perChange(() => parseClusters(credentials(), { inClusterEnabled: isInClusterEnabled(argocdCm()) })),
    actions: perChange(() => parseActionCustomizations(argocdCm())),
    http: perChange(() => parseHttpServerSettings(configMap(CONFIG_OBJECTS.parameters))),
    eventLabels: perChange(() => parseEventLabelSettings(argocdCm())),
    clusterSecret: (name) => credentials().find((record) => record.name === name),
    invalid: sources.invalid,
    version: sources.version,
    configMap,
  };
}
