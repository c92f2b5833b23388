/** The parts of authentication, over the settings as they are now. */
import type { AuthenticatedCache } from '@tiphys/cache';
import type { KubeClient } from '@tiphys/cluster';
import { type AppProject, CONFIG_OBJECTS } from '@tiphys/model';
import { parseRbacSettings } from '@tiphys/rbac';
import { type Clock, type Lifecycle, type Logger, systemClock } from '@tiphys/runtime';
import type { SettingsData } from '@tiphys/settings';
import type { Audit } from '../audit/events.js';
import type { ApiServerConfig } from '../config.js';
import type { LiveSettings } from '../kube/config-objects.js';
import { createFederation, type Federation } from './federation/build.js';
import { createLoginThrottle, type LoginThrottle, throttleLimits } from './login-throttle.js';
import { createLoginProviders, type LoginProviders } from './oidc/login-provider.js';
import { createProviderSessions, type ProviderSessions } from './oidc/provider-sessions.js';
import { createRelyingParty, type RelyingParty } from './oidc/relying-party.js';
import { createTokenStore } from './oidc/token-store.js';
import { createPasswordVerifier, type PasswordVerifier } from './password.js';
import { createRevokedTokens } from './revoked-tokens.js';
import { createSealer } from './sealing.js';
import { createSessionTokens, type SessionTokens } from './session-tokens.js';
import { createSessions } from './sessions.js';

export interface AuthParts {
  /** Of all kinds: our own, the provider's, and those that stand for another login. */
  readonly tokens: SessionTokens;
  readonly providers: LoginProviders;
  readonly relyingParty: RelyingParty;
  readonly throttle: LoginThrottle;
  readonly verifyPassword: PasswordVerifier;
  readonly settings: LiveSettings;
  readonly federation: Federation;
}

export interface AuthContext {
  readonly config: Pick<
    ApiServerConfig,
    'sessionFailureMaxFailCount' | 'sessionFailureWindowSeconds' | 'maxConcurrentLoginRequestsCount'
  >;
  readonly settings: LiveSettings;
  readonly projects: { get(name: string): AppProject | undefined };
  readonly cache: AuthenticatedCache;
  readonly kube: Pick<KubeClient, 'request'>;
  readonly audit: Audit;
  readonly lifecycle: Pick<Lifecycle, 'onStop'>;
  readonly onAttempt: (outcome: 'success' | 'failure') => void;
  readonly log: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
}

export function buildAuth(context: AuthContext): AuthParts {
  const { config, settings, projects, cache, lifecycle, onAttempt, log, clock = systemClock } = context;
  const { accounts } = settings;
  const revoked = createRevokedTokens(cache);
  const own = createSessionTokens({ accounts, projects, revoked, clock });
  const throttle = createLoginThrottle({ cache, clock }, throttleLimits(config));
  const maxConcurrent = config.maxConcurrentLoginRequestsCount;
  const verifyPassword = createPasswordVerifier({ accounts, throttle, onAttempt, maxConcurrent, log });
  const providers = createLoginProviders({ settings, clock });
  lifecycle.onStop('login provider', () => providers.close());
  const provider = providerSessions(context, { providers, revoked, clock });
  const sealer = createSealer(signingKeyOf(settings), 'login');
  const relyingParty = createRelyingParty({ providers, sessions: provider, sealer, clock, log });
  const tokens = { ...own, ...createSessions({ tokens: own, provider }) };
  const isProvider = (issuer: string) => providers.current()?.settings.issuer === issuer;
  const federation = createFederation({ ...context, revoked, tokens, isProvider, clock });
  lifecycle.onStop('issuers of exchanged tokens', () => federation.close());
  return { tokens: federation.tokens, providers, relyingParty, throttle, verifyPassword, settings, federation };
}

interface ProviderParts {
  readonly providers: LoginProviders;
  readonly revoked: ReturnType<typeof createRevokedTokens>;
  readonly clock: Clock;
}

function providerSessions({ settings, cache, log }: AuthContext, parts: ProviderParts): ProviderSessions {
  const store = createTokenStore({ cache, sealer: createSealer(signingKeyOf(settings), 'stored tokens') });
  return createProviderSessions({ ...parts, store, scopes: scopesOf(settings), log });
}

function signingKeyOf({ accounts }: LiveSettings): () => string {
  return () => {
    const { signingKey } = accounts();
    if (signingKey === undefined) throw new Error('argocd-secret has no server.secretkey');
    return signingKey;
  };
}

/** Parsed once per change of argocd-rbac-cm. */
function scopesOf(settings: LiveSettings): () => readonly string[] {
  let known: { readonly data: SettingsData; readonly scopes: readonly string[] } | undefined;
  return () => {
    const data = settings.configMap(CONFIG_OBJECTS.rbac);
    if (known?.data !== data) known = { data, scopes: parseRbacSettings(data).scopes };
    return known.scopes;
  };
}
