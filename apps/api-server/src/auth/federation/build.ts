/** The parts of federation, and the session tokens of the installation with those that stand for another login. */
import type { AuthenticatedCache } from '@tiphys/cache';
import type { KubeClient } from '@tiphys/cluster';
import type { AppProject } from '@tiphys/model';
import type { Clock, Logger } from '@tiphys/runtime';
import type { Audit } from '../../audit/events.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import type { DeviceLoginDeps } from '../../routes/device-login/deps.js';
import type { TokenExchangeDeps } from '../../routes/token-exchange/handlers.js';
import type { RevokedTokens } from '../revoked-tokens.js';
import type { SessionTokens } from '../session-tokens.js';
import { createDerivedTokens, type DerivedToken, type DerivedTokens } from './derived-tokens.js';
import { createDeviceLogins } from './device-logins.js';
import { type RoleDeps, roleEndedBecause } from './role-rules.js';
import { createSubjectTokens } from './subject-tokens.js';

export interface FederationOptions {
  readonly settings: LiveSettings;
  readonly projects: { get(name: string): AppProject | undefined };
  readonly cache: AuthenticatedCache;
  readonly revoked: RevokedTokens;
  readonly kube: Pick<KubeClient, 'request'>;
  /** Of local accounts and providers. */
  readonly tokens: SessionTokens;
  /** Whether people still log in at the provider with this issuer. */
  readonly isProvider: (issuer: string) => boolean;
  readonly audit: Audit;
  readonly onAttempt: (outcome: 'success' | 'failure') => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Federation {
  /** Those that were given, and those that stand for another login: verified and ended at one place. */
  readonly tokens: SessionTokens;
  readonly deviceLogin: DeviceLoginDeps;
  readonly tokenExchange: TokenExchangeDeps;
  close(): Promise<void>;
}

export function createFederation(options: FederationOptions): Federation {
  const { settings, projects, cache, revoked, kube, tokens, audit, onAttempt, clock, log } = options;
  const { federation } = settings;
  const endedBecause = (token: DerivedToken) => whyEnded(options, { federation, projects }, token);
  const derived = createDerivedTokens({ accounts: settings.accounts, revoked, endedBecause, clock });
  const subjectTokens = createSubjectTokens({ federation, kube, clock });
  const shared = { derived, onAttempt, clock, log };
  return {
    tokens: withDerivedTokens(tokens, derived),
    deviceLogin: { ...shared, logins: createDeviceLogins({ cache, clock }), settings, tokens },
    tokenExchange: { ...shared, federation, projects, subjectTokens, audit },
    close: () => subjectTokens.close(),
  };
}

async function whyEnded(options: FederationOptions, roles: RoleDeps, token: DerivedToken): Promise<string | undefined> {
  const { origin } = token;
  if (origin.rule !== undefined) return roleEndedBecause(roles, token);
  if (!options.isProvider(origin.issuer)) return `nobody logs in at ${origin.issuer} any more; log in again`;
  const isEnded = origin.session !== undefined && origin.session !== '' && (await options.revoked.has(origin.session));
  return isEnded ? 'the session that this login was confirmed with was ended; log in again' : undefined;
}

function withDerivedTokens(tokens: SessionTokens, derived: DerivedTokens): SessionTokens {
  return {
    ...tokens,
    verify: (token) => (derived.recognizes(token) ? derived.verify(token) : tokens.verify(token)),
    revoke: (token) => (derived.recognizes(token) ? derived.revoke(token) : tokens.revoke(token)),
    renew: async (token) => (derived.recognizes(token) ? undefined : tokens.renew(token)),
  };
}
