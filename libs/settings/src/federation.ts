/**
 * `federation.config` of argocd-cm: which identities of CI systems act as which role of a project, without a stored
 * credential (RFC 8693 token exchange). An extension of ours; Argo CD ignores the key.
 */
import { parseDuration } from '@tiphys/model';
import { isTooOpen, type WantedClaims } from './federation-claims.js';
import { compact, createReader, isRecord, type Parsed, type SettingsData } from './reader.js';

/** Whoever signs tokens that may be exchanged. */
export interface FederationIssuer {
  /** As in the `iss` claim, to the letter. */
  readonly issuer: string;
  /** Where the keys are; default: what the issuer's discovery document says. */
  readonly jwksUri?: string;
  /** PEM; default: the well-known authorities. */
  readonly rootCA?: string;
  /** True: the service accounts of the control-plane cluster; the keys are asked of its API server. */
  readonly inCluster: boolean;
}

/** Tokens of the issuer that fit all claims act as the role. */
export interface FederationRule {
  /** Unique; tokens that were issued name it, so that they end with it. */
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  /** Claim name to globs, of which one must fit; `*` does not cross `/`, `**` does. */
  readonly claims: WantedClaims;
  readonly project: string;
  readonly role: string;
  readonly maxTokenLifetimeMs: number;
}

export interface FederationSettings {
  readonly issuers: readonly FederationIssuer[];
  /** In the order of the setting: the first one that fits counts. */
  readonly rules: readonly FederationRule[];
}

export const FEDERATION_KEY = 'federation.config';
const DEFAULT_LIFETIME = '15m';
const MAX_LIFETIME_MS = 12 * 60 * 60_000;
const MIN_LIFETIME_MS = 60_000;
/** Loopback without TLS is for tests and port forwards: nobody else can answer there. */
const SECURE_URL = /^(?:https:\/\/[\w.:[\]-]+|http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?)(?:\/[^\s#@]*)?$/;
const NAME = /^[\w.-]{1,63}$/;

/** An entry that is not understood is left out and reported: it never widens what another one gives. */
export function parseFederationSettings(argocdCm: SettingsData): Parsed<FederationSettings> {
  const reader = createReader(argocdCm);
  const problem = (message: string) => reader.problem(FEDERATION_KEY, message);
  const value = reader.yaml(FEDERATION_KEY);
  if (value !== undefined && !isRecord(value)) problem('must be an object with the lists issuers and rules');
  const { issuers: issuerEntries, rules: ruleEntries } = isRecord(value) ? value : {};
  const issuers = unique(
    entriesOf({ field: 'issuers', value: issuerEntries, parse: issuerOf, problem }),
    'issuer',
    problem,
  );
  const allowed = new Set(issuers.map(({ issuer }) => issuer));
  const parse = (entry: unknown) => ruleOf(entry, allowed);
  const rules = unique(entriesOf({ field: 'rules', value: ruleEntries, parse, problem }), 'name', problem);
  return { settings: { issuers, rules }, problems: reader.problems };
}

function unique<T extends object>(
  entries: readonly T[],
  key: keyof T,
  problem: (message: string) => void,
): readonly T[] {
  const known = new Set<unknown>();
  return entries.filter((entry) => {
    const isFirst = !known.has(entry[key]);
    known.add(entry[key]);
    if (!isFirst) problem(`${String(key)} ${String(entry[key])} is there twice; only the first one counts`);
    return isFirst;
  });
}

interface Entries<T> {
  readonly field: string;
  readonly value: unknown;
  /** A text says what is wrong. */
  readonly parse: (entry: unknown) => T | string;
  readonly problem: (message: string) => void;
}

function entriesOf<T extends object>({ field, value, parse, problem }: Entries<T>): readonly T[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    problem(`${field} must be a list`);
    return [];
  }
  return value.flatMap((entry: unknown, index): readonly T[] => {
    const parsed = parse(entry);
    if (typeof parsed !== 'string') return [parsed];
    problem(`${field}, entry ${index + 1}: ${parsed}`);
    return [];
  });
}

function issuerOf(entry: unknown): FederationIssuer | string {
  if (!isRecord(entry)) return 'must be an object with issuer';
  const { issuer, jwksUri, rootCA, inCluster = false } = entry;
  if (!isText(issuer)) return 'needs issuer, the text of the iss claim';
  if (!SECURE_URL.test(issuer)) return `the issuer ${issuer} must be an https URL`;
  const uri = optionalText(jwksUri);
  if (uri === undefined || (uri !== '' && !SECURE_URL.test(uri))) return 'jwksUri must be an https URL';
  const ca = optionalText(rootCA);
  if (ca === undefined) return 'rootCA must be certificates in PEM form';
  if (typeof inCluster !== 'boolean') return 'inCluster must be true or false';
  return { issuer, inCluster, ...compact<Pick<FederationIssuer, 'jwksUri' | 'rootCA'>>({ jwksUri: uri, rootCA: ca }) };
}

/** Empty: not given; undefined: something else than a text. */
function optionalText(value: unknown): string | undefined {
  return value === undefined || value === null ? '' : isText(value) ? value : undefined;
}

function ruleOf(entry: unknown, issuers: ReadonlySet<string>): FederationRule | string {
  if (!isRecord(entry)) return 'must be an object with name, issuer, audience, claims, project and role';
  const { name, issuer, audience, project, role } = entry;
  if (!isText(name) || !NAME.test(name)) return 'needs a name of letters, digits, ".", "_" and "-"';
  if (!isText(issuer) || !issuers.has(issuer)) return `the issuer of ${name} must be one of the list issuers`;
  if (!isText(audience)) return `${name} needs an audience, which tokens must be made for`;
  if (!isText(project) || !isText(role)) return `${name} needs a project and a role`;
  if (/[:/]/.test(project + role)) return `project and role of ${name} must not have ":" or "/"`;
  const grant = grantOf(entry, issuer);
  return typeof grant === 'string' ? `${name} ${grant}` : { name, issuer, audience, project, role, ...grant };
}

type Grant = Pick<FederationRule, 'claims' | 'maxTokenLifetimeMs'>;

/** To whom and for how long. */
function grantOf(entry: Readonly<Record<string, unknown>>, issuer: string): Grant | string {
  const claims = claimsOf(entry['claims']);
  if (claims === undefined) return 'must have claims that are texts or lists of texts by name of the claim';
  const open = isTooOpen(issuer, claims);
  if (open !== undefined) return `would let in strangers: ${open}`;
  const { maxTokenLifetime = DEFAULT_LIFETIME } = entry;
  const maxTokenLifetimeMs = isText(maxTokenLifetime) ? lifetimeOf(maxTokenLifetime) : undefined;
  if (maxTokenLifetimeMs === undefined) return 'needs a maxTokenLifetime from 1m to 12h, such as 15m';
  return { claims, maxTokenLifetimeMs };
}

function lifetimeOf(text: string): number | undefined {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= MIN_LIFETIME_MS && ms <= MAX_LIFETIME_MS ? ms : undefined;
}

/** Numbers and truth values are written as texts in tokens of some issuers and not of others: their text is compared. */
function claimsOf(value: unknown): WantedClaims | undefined {
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value).map(([name, wanted]) => {
    const globs = (Array.isArray(wanted) ? (wanted as readonly unknown[]) : [wanted]).map(globOf);
    return [name, globs] as const;
  });
  const isValid = entries.every(([, globs]) => globs.length > 0 && globs.every((glob) => glob !== undefined));
  return isValid ? (Object.fromEntries(entries) as WantedClaims) : undefined;
}

function globOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return isText(value) ? value : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
