/** Proxy extensions (N20): `extension.config` and `extension.config.<name>` of argocd-cm, switched on in argocd-cmd-params-cm. */
import { parseDuration } from '@tiphys/model';
import { createReader, isRecord, type Parsed, type SettingsData } from './reader.js';
import { resolveSecretReference, type SecretSources } from './secret.js';

export interface ExtensionService {
  /** Scheme, host and port; a path is not used, as in Argo CD. */
  readonly origin: string;
  /** Lower case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the application's destination; absent where there is one service only. */
  readonly cluster?: { readonly name: string; readonly server: string };
}

export interface ExtensionSettings {
  readonly name: string;
  readonly services: readonly ExtensionService[];
  readonly connectionTimeoutMs: number;
  readonly keepAliveMs: number;
  readonly idleConnectionTimeoutMs: number;
  readonly maxIdleConnections: number;
}

export interface ProxyExtensionSettings {
  /** `server.enable.proxy.extension` */
  readonly enabled: boolean;
  readonly extensions: ReadonlyMap<string, ExtensionSettings>;
}

const KEY = 'extension.config';
const NAME = /^[\w-]{1,63}$/;
const ORIGIN = /^https?:\/\/[\w.:[\]-]+/;

export interface ExtensionSources {
  readonly argocdCm: SettingsData;
  readonly argocdCmdParamsCm: SettingsData;
  readonly secrets: SecretSources;
}

/** An extension that is not understood, or there twice, is not there; the others are. */
export function parseExtensionSettings(sources: ExtensionSources): Parsed<ProxyExtensionSettings> {
  const reader = createReader(sources.argocdCm);
  const parameters = createReader(sources.argocdCmdParamsCm);
  const extensions = new Map<string, ExtensionSettings>();
  const names = new Set<string>();
  for (const { key, name, backend } of entriesOf(reader)) {
    const parsed = names.has(name)
      ? `the extension ${name} is there twice`
      : extensionOf(name, backend, sources.secrets);
    if (names.has(name)) extensions.delete(name);
    names.add(name);
    if (typeof parsed === 'string') reader.problem(key, parsed);
    else extensions.set(name, parsed);
  }
  const enabled = parameters.flag('server.enable.proxy.extension', false);
  return { settings: { enabled, extensions }, problems: [...reader.problems, ...parameters.problems] };
}

interface Entry {
  readonly key: string;
  readonly name: string;
  readonly backend: unknown;
}

function entriesOf(reader: ReturnType<typeof createReader>): readonly Entry[] {
  const main = reader.yaml(KEY);
  const list: unknown = isRecord(main) ? main['extensions'] : undefined;
  if (main !== undefined && !Array.isArray(list)) reader.problem(KEY, 'must have a list extensions');
  const inMain = (Array.isArray(list) ? (list as readonly unknown[]) : []).map((entry) => {
    const { name, backend } = isRecord(entry) ? entry : {};
    return { key: KEY, name: typeof name === 'string' ? name : '', backend };
  });
  const own = Object.keys(reader.data).filter((key) => key.startsWith(`${KEY}.`));
  return [...inMain, ...own.map((key) => ({ key, name: key.slice(KEY.length + 1), backend: reader.yaml(key) }))];
}

function extensionOf(name: string, backend: unknown, secrets: SecretSources): ExtensionSettings | string {
  if (!NAME.test(name)) return `the extension "${name}" needs a name of letters, digits, "-" and "_"`;
  if (!isRecord(backend)) return `the extension ${name} needs services`;
  const entries: readonly unknown[] = Array.isArray(backend['services']) ? backend['services'] : [];
  if (entries.length === 0) return `the extension ${name} needs services`;
  const services = entries.map((entry) => serviceOf(entry, entries.length === 1, secrets));
  const wrong = services.find((service) => typeof service === 'string');
  if (wrong !== undefined) return `the extension ${name}: ${wrong}`;
  const limits = limitsOf(backend);
  if (typeof limits === 'string') return `the extension ${name}: ${limits}`;
  return { name, services: services.filter((service) => typeof service !== 'string'), ...limits };
}

type Limits = Omit<ExtensionSettings, 'name' | 'services'>;

/** The defaults are Argo CD's. */
function limitsOf(backend: Readonly<Record<string, unknown>>): Limits | string {
  const { maxIdleConnections = 30 } = backend;
  const durations = { connectionTimeout: '2s', keepAlive: '15s', idleConnectionTimeout: '60s' };
  const ms = Object.entries(durations).map(([field, fallback]) => parseDuration(String(backend[field] ?? fallback)));
  const [connectionTimeoutMs, keepAliveMs, idleConnectionTimeoutMs] = ms;
  if (connectionTimeoutMs === undefined || keepAliveMs === undefined || idleConnectionTimeoutMs === undefined) {
    return `${Object.keys(durations).join(', ')} must be durations, such as 2s`;
  }
  if (typeof maxIdleConnections !== 'number' || !(maxIdleConnections >= 0))
    return 'maxIdleConnections must be a number';
  return { connectionTimeoutMs, keepAliveMs, idleConnectionTimeoutMs, maxIdleConnections };
}

function serviceOf(entry: unknown, isOnly: boolean, secrets: SecretSources): ExtensionService | string {
  const { url, headers, cluster } = isRecord(entry) ? entry : {};
  const [origin] = (typeof url === 'string' ? ORIGIN.exec(url) : null) ?? [];
  if (origin === undefined) return 'each service needs a url with http or https';
  const added = headersOf(headers, secrets);
  if (typeof added === 'string') return added;
  if (isOnly) return { origin, headers: added };
  const { name, server } = isRecord(cluster) ? cluster : {};
  const target = { name: typeof name === 'string' ? name : '', server: typeof server === 'string' ? server : '' };
  if (target.name === '' && target.server === '') return 'each of several services needs a cluster with name or server';
  return { origin, headers: added, cluster: target };
}

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

function headersOf(value: unknown, secrets: SecretSources): Readonly<Record<string, string>> | string {
  if (value === undefined || value === null) return {};
  if (!Array.isArray(value)) return 'headers must be a list of name and value';
  const entries = (value as readonly unknown[]).map((header) => headerOf(header, secrets));
  const wrong = entries.find((entry) => typeof entry === 'string');
  return wrong ?? Object.fromEntries(entries.filter((entry) => typeof entry !== 'string'));
}

function headerOf(header: unknown, secrets: SecretSources): readonly [string, string] | string {
  const { name, value } = isRecord(header) ? header : {};
  if (typeof name !== 'string' || !HEADER_NAME.test(name) || typeof value !== 'string' || value === '') {
    return 'each header needs a name and a value';
  }
  const resolved = resolveSecretReference(value, secrets);
  if (resolved === value && value.startsWith('$')) return `the value of header ${name} names no key of a Secret`;
  if (/[\r\n\0]/.test(resolved)) return `the value of header ${name} must be one line`;
  return [name.toLowerCase(), resolved];
}
