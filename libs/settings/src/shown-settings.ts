/** What user interfaces are told of the settings (N14): texts and addresses for people, and the customizations of resources. */
import { parseYaml } from '@tiphys/model/yaml';
import { type Customization, customizations } from './customizations.js';
import { parseKustomizeSettings } from './kustomize-settings.js';
import { createReader, type Parsed, type SettingsData, type SettingsReader } from './reader.js';

export interface ShownSettings {
  readonly uiCssUrl: string;
  readonly uiLoginButtonText: string;
  readonly banner: {
    readonly content: string;
    readonly url: string;
    readonly permanent: boolean;
    /** `top`, `bottom` or `both`; empty: the interface decides. */
    readonly position: string;
  };
  readonly googleAnalytics: { readonly trackingId: string; readonly anonymizeUsers: boolean };
  readonly help: {
    readonly chatUrl: string;
    readonly chatText: string;
    /** By operating system and architecture, `linux-amd64`. */
    readonly binaryUrls: Readonly<Record<string, string>>;
  };
  readonly kustomize: { readonly buildOptions: string; readonly versions: readonly string[] };
  readonly installationId: string;
  /** By `<group>/<Kind>`, or `<Kind>` of the core group; fields and texts as Argo CD's ResourceOverride writes them. */
  readonly resourceOverrides: Readonly<Record<string, ResourceOverrideFields>>;
}

export type ResourceOverrideFields = Readonly<Record<string, unknown>>;

export function parseShownSettings(argocdCm: SettingsData): Parsed<ShownSettings> {
  const reader = createReader(argocdCm);
  const text = (key: string) => reader.text(key) ?? '';
  const chatUrl = text('help.chatUrl');
  const settings: ShownSettings = {
    uiCssUrl: text('ui.cssurl'),
    uiLoginButtonText: text('ui.loginButtonText'),
    banner: {
      ...{ content: text('ui.bannercontent'), url: text('ui.bannerurl') },
      permanent: reader.flag('ui.bannerpermanent', false),
      position: text('ui.bannerposition'),
    },
    googleAnalytics: { trackingId: text('ga.trackingid'), anonymizeUsers: reader.flag('ga.anonymizeusers', true) },
    help: {
      chatUrl,
      chatText: text('help.chatText') || (chatUrl === '' ? '' : 'Chat now!'),
      binaryUrls: binaryUrls(argocdCm),
    },
    kustomize: {
      buildOptions: text('kustomize.buildOptions'),
      versions: Object.keys(parseKustomizeSettings(createReader(argocdCm)).versions),
    },
    installationId: text('installationID'),
    resourceOverrides: resourceOverrides(reader),
  };
  return { settings, problems: reader.problems };
}

const DOWNLOAD = 'help.download.';

function binaryUrls(data: SettingsData): Readonly<Record<string, string>> {
  const entries = Object.entries(data).filter(([key]) => key.startsWith(DOWNLOAD));
  return Object.fromEntries(entries.map(([key, url]) => [key.slice(DOWNLOAD.length), url.trim()]));
}

/** What follows `resource.customizations.`, and the field of a ResourceOverride. */
const FIELDS = [
  ['health', 'health.lua'],
  ['useOpenLibs', 'health.lua.useOpenLibs'],
  ['actions', 'actions'],
  ['ignoreDifferences', 'ignoreDifferences'],
  ['ignoreResourceUpdates', 'ignoreResourceUpdates'],
  ['knownTypeFields', 'knownTypeFields'],
] as const;

function resourceOverrides(reader: SettingsReader): Readonly<Record<string, ResourceOverrideFields>> {
  const overrides = new Map<string, Record<string, unknown>>();
  for (const [what, field] of FIELDS) {
    for (const customization of customizations(reader, what)) {
      const { group, kind } = customization;
      const key = group === '' ? kind : `${group}/${kind}`;
      const fields = overrides.get(key) ?? {};
      fields[field] = shownValue(what, customization);
      overrides.set(key, fields);
    }
  }
  return Object.fromEntries(overrides);
}

/** Scripts and rules are shown as the text they were written in. */
function shownValue(what: (typeof FIELDS)[number][0], { value }: Customization): unknown {
  if (what === 'useOpenLibs') return value === true || value === 'true';
  if (what !== 'knownTypeFields' || typeof value !== 'string') return value;
  try {
    return parseYaml(value, { origin: what });
  } catch {
    return [];
  }
}
