/** Local accounts, the admin and sessions (F19-F22): argocd-cm and argocd-secret. */
import { parseJson } from '@tiphys/model/yaml';
import { compact, createReader, isRecord, type Parsed, type SettingsData, type SettingsReader } from './reader.js';

export interface AccountToken {
  readonly id: string;
  /** Seconds since 1970, as `expiresAt`. */
  readonly issuedAt: number;
  readonly expiresAt?: number;
}

export interface Account {
  readonly name: string;
  readonly enabled: boolean;
  readonly capabilities: readonly ('apiKey' | 'login')[];
  /** bcrypt. */
  readonly passwordHash?: string;
  /** RFC 3339; tokens issued before are void. */
  readonly passwordModifiedAt?: string;
  readonly tokens: readonly AccountToken[];
}

export interface AccountSettings {
  readonly accounts: ReadonlyMap<string, Account>;
  /** HMAC key of session tokens (`server.secretkey`); undefined: the installation must generate one. */
  readonly signingKey: string | undefined;
  readonly sessionDurationMs: number;
  readonly anonymousEnabled: boolean;
  /** Regular expression that new passwords must match (F20). */
  readonly passwordPattern: string;
}

export const ADMIN = 'admin';
const DAY_MS = 86_400_000;
const ACCOUNT_KEY = /^accounts\.([^.]+)$/;
const CAPABILITIES = ['apiKey', 'login'] as const;

/** argocd-secret is passed decoded; `$` references must be resolved before. */
export function parseAccountSettings(argocdCm: SettingsData, argocdSecret: SettingsData): Parsed<AccountSettings> {
  const reader = createReader(argocdCm);
  const secret = createReader(argocdSecret);
  const names = Object.keys(argocdCm).flatMap((key) => ACCOUNT_KEY.exec(key)?.[1] ?? []);
  const local = names
    .filter((name) => name !== ADMIN)
    .map(
      (name): Account => ({
        name,
        enabled: reader.flag(`accounts.${name}.enabled`, true),
        capabilities: capabilities(reader, `accounts.${name}`),
        ...passwordAndTokens(secret, `accounts.${name}`),
      }),
    );
  const settings: AccountSettings = {
    accounts: new Map([adminAccount(reader, secret), ...local].map((account) => [account.name, account])),
    signingKey: secret.text('server.secretkey'),
    sessionDurationMs: reader.durationMs('users.session.duration', DAY_MS),
    anonymousEnabled: reader.flag('users.anonymous.enabled', false),
    passwordPattern: passwordPattern(reader),
  };
  return { settings, problems: [...reader.problems, ...secret.problems] };
}

/** The admin may log in; `accounts.admin: apiKey` adds tokens. */
function adminAccount(reader: SettingsReader, secret: SettingsReader): Account {
  const extra = reader.text(`accounts.${ADMIN}`) === undefined ? [] : capabilities(reader, `accounts.${ADMIN}`);
  return {
    name: ADMIN,
    enabled: reader.flag('admin.enabled', true),
    capabilities: extra.includes('apiKey') ? ['apiKey', 'login'] : ['login'],
    ...passwordAndTokens(secret, ADMIN),
  };
}

function capabilities(reader: SettingsReader, key: string): readonly ('apiKey' | 'login')[] {
  return reader.list(key).flatMap((value) => {
    const known = CAPABILITIES.find((capability) => capability === value);
    if (known === undefined) reader.problem(key, `"${value}" is not one of ${CAPABILITIES.join(', ')}`);
    return known ?? [];
  });
}

function passwordAndTokens(
  secret: SettingsReader,
  prefix: string,
): Pick<Account, 'passwordHash' | 'passwordModifiedAt' | 'tokens'> {
  return {
    ...compact<Pick<Account, 'passwordHash' | 'passwordModifiedAt'>>({
      passwordHash: secret.text(`${prefix}.password`),
      passwordModifiedAt: secret.text(`${prefix}.passwordMtime`),
    }),
    tokens: tokensOf(secret, `${prefix}.tokens`),
  };
}

function tokensOf(secret: SettingsReader, key: string): readonly AccountToken[] {
  try {
    return parseAccountTokens(secret.text(key) ?? '');
  } catch {
    secret.problem(key, 'is not a JSON list of tokens');
    return [];
  }
}

/** `accounts.<name>.tokens` of argocd-secret; entries without id or time are left out. @throws when it is not JSON. */
export function parseAccountTokens(text: string): readonly AccountToken[] {
  const value: unknown = text.trim() === '' ? [] : parseJson(text);
  return (Array.isArray(value) ? value : []).flatMap((token: unknown): readonly AccountToken[] => {
    if (!isRecord(token) || typeof token['id'] !== 'string' || typeof token['iat'] !== 'number') return [];
    const { id, iat, exp } = token;
    return [{ id, issuedAt: iat, ...(typeof exp === 'number' && exp > 0 ? { expiresAt: exp } : {}) }];
  });
}

const DEFAULT_PASSWORD_PATTERN = '^.{8,32}$';

function passwordPattern(reader: SettingsReader): string {
  const pattern = reader.text('passwordPattern');
  if (pattern === undefined) return DEFAULT_PASSWORD_PATTERN;
  try {
    new RegExp(pattern);
    return pattern;
  } catch {
    reader.problem('passwordPattern', `"${pattern}" is not a regular expression`);
    return DEFAULT_PASSWORD_PATTERN;
  }
}
