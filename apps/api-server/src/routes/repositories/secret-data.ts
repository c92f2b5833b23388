/** Repositories and templates as their Secrets hold them (G01-G08), from what a request says. */
import type { SettingsData } from '@tiphys/settings';

/** Texts, flags and numbers that templates have, by their key in the Secret and in requests. */
const TEMPLATE_KEYS = [
  ...['type', 'username', 'password', 'bearerToken', 'sshPrivateKey', 'tlsClientCertData', 'tlsClientCertKey'],
  ...['enableOCI', 'insecureOCIForceHttp', 'forceHttpBasicAuth', 'proxy', 'noProxy'],
  ...['githubAppID', 'githubAppInstallationID', 'githubAppPrivateKey', 'githubAppEnterpriseBaseUrl'],
  ...['gcpServiceAccountKey', 'useAzureWorkloadIdentity', 'azureActiveDirectoryEndpoint'],
  ...['azureServicePrincipalClientId', 'azureServicePrincipalTenantId', 'azureServicePrincipalClientSecret'],
];
const REPOSITORY_KEYS = [
  ...TEMPLATE_KEYS,
  ...['name', 'project', 'insecure', 'insecureIgnoreHostKey', 'enableLfs', 'depth'],
];

/** All keys that a Secret of ours can have: those that a request leaves out are removed. */
export const SECRET_KEYS: readonly string[] = ['url', ...REPOSITORY_KEYS];

export function repositoryData(url: string, input: object): SettingsData {
  return { url, ...picked(REPOSITORY_KEYS, input) };
}

export function templateData(url: string, input: object): SettingsData {
  return { url, ...picked(TEMPLATE_KEYS, input) };
}

function picked(keys: readonly string[], input: object): SettingsData {
  const given = input as Readonly<Record<string, unknown>>;
  return Object.fromEntries(keys.map((key) => [key, textOf(given[key])] as const).filter(([, text]) => text !== ''));
}

/** '' for what is as good as absent. */
function textOf(value: unknown): string {
  return value === undefined || value === null || value === false || value === 0 ? '' : String(value);
}

/** Keys in which two Secrets of ours differ. Absent, empty, `false` and 0 are the same; so are no type and git. */
export function differingKeys(left: SettingsData, right: SettingsData): readonly string[] {
  const [before, after] = [meaningful(left), meaningful(right)];
  return SECRET_KEYS.filter((key) => before[key] !== after[key]);
}

function meaningful(data: SettingsData): SettingsData {
  const isSet = ([key, text]: [string, string]) =>
    !['', 'false', '0'].includes(text) && !(key === 'type' && text === 'git');
  return Object.fromEntries(Object.entries(data).filter(isSet));
}
