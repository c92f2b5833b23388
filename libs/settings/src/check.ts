/** All parsers of this library at once: what of the installation's settings cannot be used, whichever service would read it. */
import { CONFIG_OBJECTS } from '@tiphys/model';
import { parseAccountSettings } from './accounts.js';
import { parseKnownHosts } from './certificates.js';
import { isInClusterEnabled, parseClusters } from './clusters.js';
import { parseComparisonSettings } from './comparison.js';
import { parseDeepLinks } from './deep-links.js';
import { parseEventLabelSettings } from './event-labels.js';
import { parseExtensionSettings } from './extensions.js';
import { parseFederationSettings } from './federation.js';
import { parseHttpServerSettings } from './http-server.js';
import type { SettingsInputs } from './last-good.js';
import { parseSsoSettings } from './oidc.js';
import type { Parsed, SettingsData, SettingsProblem } from './reader.js';
import { parseReconciliationSettings } from './reconciliation.js';
import { parseRenderSettings } from './render-inputs.js';
import { parseRepositories } from './repositories.js';
import { parseResourceAccessSettings } from './resource-access.js';
import { parseActionCustomizations } from './resource-actions.js';
import { parseServerSettings } from './server.js';
import { parseTerminalSettings } from './terminal.js';
import { parseWebhookSettings } from './webhook.js';

/** ConfigMaps that hold settings, in the order in which a key is looked for. */
export const SETTINGS_CONFIG_MAPS: readonly string[] = [
  CONFIG_OBJECTS.settings,
  CONFIG_OBJECTS.parameters,
  CONFIG_OBJECTS.rbac,
  CONFIG_OBJECTS.sshKnownHosts,
  CONFIG_OBJECTS.tlsCerts,
  CONFIG_OBJECTS.gpgKeys,
];

export function checkSettings({ configMaps, secret, records, others }: SettingsInputs): readonly SettingsProblem[] {
  const dataOf = (name: string): SettingsData => configMaps[name] ?? {};
  const argocdCm = dataOf(CONFIG_OBJECTS.settings);
  const parameters = dataOf(CONFIG_OBJECTS.parameters);
  const secrets = { argocdSecret: secret, ...(others === undefined ? {} : { others }) };
  const parsed: readonly Parsed<unknown>[] = [
    parseAccountSettings(argocdCm, secret),
    parseServerSettings(argocdCm, parameters),
    parseWebhookSettings({ ...secrets, argocdCm, argocdCmdParamsCm: parameters }),
    parseSsoSettings(argocdCm, secrets, parameters),
    parseFederationSettings(argocdCm),
    parseHttpServerSettings(parameters),
    parseTerminalSettings(argocdCm),
    parseExtensionSettings({ argocdCm, argocdCmdParamsCm: parameters, secrets }),
    parseComparisonSettings(argocdCm),
    parseActionCustomizations(argocdCm),
    parseDeepLinks(argocdCm),
    parseEventLabelSettings(argocdCm),
    parseResourceAccessSettings(argocdCm),
    parseReconciliationSettings(argocdCm, parameters),
    parseRenderSettings(argocdCm, parameters),
    parseRepositories(records),
    parseClusters(records, { inClusterEnabled: isInClusterEnabled(argocdCm) }),
    parseKnownHosts(dataOf(CONFIG_OBJECTS.sshKnownHosts)),
  ];
  return [
    ...parsed.flatMap(({ problems }) => problems).filter((problem) => others !== undefined || !isForeign(problem)),
    ...checkArmor(dataOf(CONFIG_OBJECTS.tlsCerts), 'CERTIFICATE', 'is no PEM certificate'),
    ...checkKeys(dataOf(CONFIG_OBJECTS.gpgKeys)),
  ];
}

/** A reference into a Secret that was not given: nothing can be said about it. */
function isForeign({ message }: SettingsProblem): boolean {
  return /"\$[^":]+:[^"]+" names no key/.test(message);
}

function checkArmor(data: SettingsData, label: string, message: string): readonly SettingsProblem[] {
  const bad = Object.entries(data).filter(
    ([, text]) => text.trim() !== '' && !text.includes(`-----BEGIN ${label}-----`),
  );
  return bad.map(([key]) => ({ key, message }));
}

const SIGNERS = 'ssh_allowed_signers';

function checkKeys({ [SIGNERS]: _signers, ...keys }: SettingsData): readonly SettingsProblem[] {
  return checkArmor(keys, 'PGP PUBLIC KEY BLOCK', 'is no armored GPG public key');
}

const SIGNING_KEY = 'server.secretkey';
/** Argo CD generates 32 bytes; anything much shorter can be guessed. */
const MIN_SIGNING_KEY = 16;
const BCRYPT = /^\$2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}$/;

/** What every session depends on, for the service that has sessions. The values are never named: they are secret. */
export function checkServerSecret({ secret }: Pick<SettingsInputs, 'secret'>): readonly SettingsProblem[] {
  const key = secret[SIGNING_KEY]?.trim() ?? '';
  const problems = key.length >= MIN_SIGNING_KEY ? [] : [{ key: SIGNING_KEY, message: describeKey(key) }];
  const hashes = Object.entries(secret).filter(([name]) => /^(?:admin|accounts\.[^.]+)\.password$/.test(name));
  const times = Object.entries(secret).filter(([name]) => /^(?:admin|accounts\.[^.]+)\.passwordMtime$/.test(name));
  return [
    ...problems,
    ...hashes
      .filter(([, value]) => value.trim() !== '' && !BCRYPT.test(value.trim()))
      .map(([name]) => ({ key: name, message: 'is no bcrypt hash; make one with: argocd account bcrypt' })),
    ...times
      .filter(([, value]) => value.trim() !== '' && Number.isNaN(Date.parse(value)))
      .map(([name]) => ({ key: name, message: 'is no time; write it like 2026-01-31T12:00:00Z' })),
  ];
}

function describeKey(key: string): string {
  return key === '' ? 'is missing; sessions are signed with it' : `is shorter than ${MIN_SIGNING_KEY} characters`;
}
