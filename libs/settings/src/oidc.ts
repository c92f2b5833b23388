/**
 * Single sign-on: `oidc.config` (F25-F28), `dex.config` (F23) and what goes with them in argocd-cm. The sources of the
 * field names are Argo CD's operator manual, user-management/index.md and microsoft.md.
 */
import { parseDuration } from '@tiphys/model';
import {
  compact,
  createReader,
  isRecord,
  type Parsed,
  type SettingsData,
  type SettingsReader,
  stringsOf,
} from './reader.js';
import { resolveSecretReference, type SecretSources } from './secret.js';

/** An OpenID Connect provider that users log in at, without Dex between. */
export interface OidcSettings {
  /** What the login button shows. */
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for public clients. */
  readonly clientSecret?: string;
  readonly cliClientId?: string;
  readonly requestedScopes: readonly string[];
  /** The `id_token` member of the `claims` parameter (OpenID Connect Core 5.5). */
  readonly requestedIdTokenClaims: Readonly<Record<string, unknown>>;
  /** May hold `{{token}}` and `{{logoutRedirectURL}}`. */
  readonly logoutUrl?: string;
  /** PEM; in place of the system's authorities. */
  readonly rootCa?: string;
  /** Never empty: the client ids when the setting is absent. */
  readonly allowedAudiences: readonly string[];
  readonly skipAudienceCheckWhenTokenHasNoAudience: boolean;
  readonly pkce: boolean;
  /** Groups come from there instead of from the ID token (F27). */
  readonly userInfo?: UserInfoSettings;
  /** A token that ends sooner is renewed with the refresh token; 0: never. */
  readonly refreshThresholdMs: number;
  readonly disableOfflineAccessScopeInjection: boolean;
  readonly domainHint?: string;
}

export interface UserInfoSettings {
  readonly url: string;
  /** Absent: as long as the ID token is valid. */
  readonly cacheMs?: number;
}

export interface DexConnector {
  readonly type: string;
  readonly id: string;
  readonly name: string;
}

export interface DexSettings {
  /** The text of `dex.config` as a value, with references to Secrets replaced: never to be shown. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly connectors: readonly DexConnector[];
  /** `dex.auth.connectorId`: the login goes to this connector without asking; always one of `connectors`. */
  readonly connectorId?: string;
}

/** Where Dex is, from argocd-cmd-params-cm: `server.dex.server` and what begins with it. */
export interface DexServerSettings {
  /** `https://host:port`, or `http://` with `server.dex.server.plaintext`. */
  readonly url: string;
  /** Without it the certificate is not looked at: Dex makes one of its own at each start. */
  readonly strictTls: boolean;
}

export interface SsoSettings {
  readonly oidc: OidcSettings | undefined;
  /** Not used for logins while `oidc` is set, as in Argo CD. */
  readonly dex: DexSettings | undefined;
  readonly dexServer: DexServerSettings;
  readonly tlsInsecureSkipVerify: boolean;
}

export const DEFAULT_SCOPES: readonly string[] = ['openid', 'profile', 'email', 'groups'];

type Problem = (key: string, message: string) => void;
type Fields = Readonly<Record<string, unknown>>;

/** A configuration that cannot work (no issuer, no client) counts as absent and is a problem. */
export function parseSsoSettings(
  argocdCm: SettingsData,
  secrets: SecretSources,
  argocdCmdParamsCm: SettingsData = {},
): Parsed<SsoSettings> {
  const reader = createReader(argocdCm);
  const parameters = createReader(argocdCmdParamsCm);
  const fieldsOf = (key: string): Fields | undefined => {
    const value = reader.yaml(key);
    if (value === undefined) return undefined;
    if (isRecord(value)) return resolveReferences(value, secrets, (text) => reader.problem(key, text)) as Fields;
    reader.problem(key, 'is not a YAML mapping');
    return undefined;
  };
  const settings: SsoSettings = {
    oidc: oidcSettings(fieldsOf('oidc.config'), reader.problem),
    dex: dexSettings(fieldsOf('dex.config'), reader.text('dex.auth.connectorId'), reader.problem),
    dexServer: dexServerSettings(parameters),
    tlsInsecureSkipVerify: reader.flag('oidc.tls.insecure.skip.verify', false),
  };
  return { settings, problems: [...reader.problems, ...parameters.problems] };
}

/** F28: every text of the configuration may be a reference. One without a target stays, and is a problem. */
function resolveReferences(value: unknown, secrets: SecretSources, problem: (text: string) => void): unknown {
  if (typeof value === 'string') {
    const resolved = resolveSecretReference(value, secrets);
    if (resolved === value && /^\$[\w.:-]+$/.test(value)) problem(`"${value}" names no key of a Secret`);
    return resolved;
  }
  if (Array.isArray(value)) return value.map((item) => resolveReferences(item, secrets, problem));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, resolveReferences(item, secrets, problem)]),
  );
}

const OIDC = 'oidc.config';

function oidcSettings(fields: Fields | undefined, problem: Problem): OidcSettings | undefined {
  if (fields === undefined) return undefined;
  const [issuer, clientId] = [textOf(fields, 'issuer'), textOf(fields, 'clientID')];
  if (issuer === undefined || !isWebUrl(issuer)) {
    problem(OIDC, 'issuer must be the http or https URL of the provider; logins with it are off');
    return undefined;
  }
  if (clientId === undefined) {
    problem(OIDC, 'clientID is missing; logins with the provider are off');
    return undefined;
  }
  const cliClientId = textOf(fields, 'cliClientID');
  const audiences = stringsOf(fields['allowedAudiences']);
  const scopes = stringsOf(fields['requestedScopes']);
  const claims = fields['requestedIDTokenClaims'];
  return {
    ...{ name: textOf(fields, 'name') ?? '', issuer, clientId },
    requestedScopes: scopes.length > 0 ? scopes : DEFAULT_SCOPES,
    requestedIdTokenClaims: isRecord(claims) ? claims : {},
    allowedAudiences:
      audiences.length > 0 ? audiences : [clientId, ...(cliClientId === undefined ? [] : [cliClientId])],
    skipAudienceCheckWhenTokenHasNoAudience: fields['skipAudienceCheckWhenTokenHasNoAudience'] === true,
    pkce: fields['enablePKCEAuthentication'] === true,
    refreshThresholdMs: durationOf(fields, 'refreshTokenThreshold', problem) ?? 0,
    disableOfflineAccessScopeInjection: fields['disableOfflineAccessScopeInjection'] === true,
    ...compact<Partial<OidcSettings>>({
      cliClientId,
      clientSecret: textOf(fields, 'clientSecret'),
      logoutUrl: textOf(fields, 'logoutURL'),
      rootCa: textOf(fields, 'rootCA'),
      domainHint: textOf(fields, 'domainHint'),
      userInfo: userInfoSettings(fields, issuer, problem),
    }),
  };
}

function userInfoSettings(fields: Fields, issuer: string, problem: Problem): UserInfoSettings | undefined {
  if (fields['enableUserInfoGroups'] !== true) return undefined;
  const path = textOf(fields, 'userInfoPath');
  if (path === undefined) {
    problem(OIDC, 'enableUserInfoGroups needs userInfoPath; groups are taken from the ID token');
    return undefined;
  }
  const cacheMs = durationOf(fields, 'userInfoCacheExpiration', problem);
  return {
    url: `${textOf(fields, 'userInfoBaseURL') ?? textOf(fields, 'userInfoURL') ?? issuer}${path}`,
    ...(cacheMs === undefined || cacheMs === 0 ? {} : { cacheMs }),
  };
}

const DEX = 'dex.config';

function dexSettings(
  fields: Fields | undefined,
  connectorId: string | undefined,
  problem: Problem,
): DexSettings | undefined {
  if (fields === undefined) return undefined;
  const listed = fields['connectors'];
  const connectors = (Array.isArray(listed) ? listed : []).flatMap((entry: unknown): readonly DexConnector[] => {
    if (!isRecord(entry) || typeof entry['type'] !== 'string') return [];
    const id = textOf(entry, 'id') ?? entry['type'];
    return [{ type: entry['type'], id, name: textOf(entry, 'name') ?? id }];
  });
  if (!Array.isArray(listed) || connectors.length < listed.length) {
    problem(DEX, 'connectors must be a list of {type, id, name, config}');
  }
  const known = connectors.some(({ id }) => id === connectorId);
  if (connectorId !== undefined && !known) {
    problem('dex.auth.connectorId', `"${connectorId}" is the id of no connector in dex.config; it has no effect`);
  }
  return { config: fields, connectors, ...(connectorId !== undefined && known ? { connectorId } : {}) };
}

const DEX_SERVER = 'argocd-dex-server:5556';

function dexServerSettings(parameters: SettingsReader): DexServerSettings {
  const address = parameters.text('server.dex.server') ?? DEX_SERVER;
  const scheme = parameters.flag('server.dex.server.plaintext', false) ? 'http' : 'https';
  const url = address.includes('://') ? address : `${scheme}://${address}`;
  const usable = isWebUrl(url);
  if (!usable) parameters.problem('server.dex.server', `"${address}" is no address; write it like ${DEX_SERVER}`);
  return {
    url: usable ? url.replace(/\/+$/, '') : `${scheme}://${DEX_SERVER}`,
    strictTls: parameters.flag('server.dex.server.strict.tls', false),
  };
}

function textOf(fields: Fields, key: string): string | undefined {
  const value = fields[key];
  const text = typeof value === 'string' ? value.trim() : '';
  return text === '' ? undefined : text;
}

function durationOf(fields: Fields, key: string, problem: Problem): number | undefined {
  const text = textOf(fields, key);
  if (text === undefined) return undefined;
  const parsed = parseDuration(text);
  if (parsed !== undefined && parsed >= 0) return parsed;
  problem(OIDC, `${key}: "${text}" is not a duration; write it like 30s or 5m`);
  return undefined;
}

function isWebUrl(text: string): boolean {
  return /^https?:\/\/[^\s/]/.test(text);
}
