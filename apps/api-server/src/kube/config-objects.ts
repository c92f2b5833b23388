/** Live settings from `argocd-cm` and `argocd-secret`: watched, parsed once per change, read as frozen snapshots. */
import { type ApiResource, createInformer, type Informer, type KubeClient, RESOURCES } from '@tiphys/cluster';
import { CONFIG_OBJECTS, type KubernetesObject } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import {
  type AccountSettings,
  configMapData,
  decodeSecretData,
  type Parsed,
  parseAccountSettings,
  parseServerSettings,
  parseWebhookSettings,
  type ServerSettings,
  type SettingsData,
  type WebhookSettings,
} from '@tiphys/settings';

/** What the API server needs to know of the installation's settings, now. */
export interface LiveSettings {
  accounts(): AccountSettings;
  server(): ServerSettings;
  webhook(): WebhookSettings;
  /** `data` of argocd-cm. */
  raw(): SettingsData;
}

export interface ConfigObjects extends LiveSettings {
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface ConfigObjectsOptions {
  readonly kube: KubeClient;
  readonly namespace: string;
  readonly log: Logger;
}

const EMPTY: SettingsData = {};

/** Absent objects read as empty: every setting has its default. */
export function watchConfigObjects(options: ConfigObjectsOptions): ConfigObjects {
  const { namespace, log } = options;
  const configMap = watchOne(options, {
    ...{ resource: RESOURCES.configMaps, name: CONFIG_OBJECTS.settings, transform: configMapData },
  });
  const secret = watchOne(options, {
    ...{ resource: RESOURCES.secrets, name: CONFIG_OBJECTS.secret, transform: decodeSecretData },
  });
  const settingsNow = () => configMap.get(namespace, CONFIG_OBJECTS.settings) ?? EMPTY;
  const secretNow = () => secret.get(namespace, CONFIG_OBJECTS.secret) ?? EMPTY;
  const live = liveSettings(settingsNow, secretNow, log);
  return {
    ...live,
    start: async (signal) => {
      await Promise.all([configMap.start(signal), secret.start(signal)]);
    },
    stop: async () => {
      await Promise.all([configMap.stop(), secret.stop()]);
    },
  };
}

/** Settings over any source of data; problems are logged once per change. */
export function liveSettings(settings: () => SettingsData, secret: () => SettingsData, log: Logger): LiveSettings {
  const perChange = <T>(parse: (settings: SettingsData, secret: SettingsData) => Parsed<T>): (() => T) => {
    let known: { readonly inputs: readonly [SettingsData, SettingsData]; readonly value: T } | undefined;
    return () => {
      const [settingsNow, secretNow] = [settings(), secret()];
      if (known !== undefined && known.inputs[0] === settingsNow && known.inputs[1] === secretNow) return known.value;
      const { settings: value, problems } = parse(settingsNow, secretNow);
      for (const { key, message } of problems) log.warn('a setting is not understood', { key, problem: message });
      known = { inputs: [settingsNow, secretNow], value };
      return value;
    };
  };
  return {
    accounts: perChange(parseAccountSettings),
    server: perChange((data) => parseServerSettings(data)),
    webhook: perChange((data, argocdSecret) => parseWebhookSettings(data, { argocdSecret })),
    raw: settings,
  };
}

interface WatchTarget {
  readonly resource: ApiResource;
  readonly name: string;
  readonly transform: (object: KubernetesObject) => SettingsData;
}

function watchOne(options: ConfigObjectsOptions, { resource, name, transform }: WatchTarget): Informer<SettingsData> {
  const { kube: client, namespace, log } = options;
  return createInformer({ client, resource, namespace, fieldSelector: `metadata.name=${name}`, transform, log });
}
