/** The provider that users log in at: `oidc.config`, else Dex, else none (F23, F25). */
import { createHash } from 'node:crypto';
import type { Clock } from '@tiphys/runtime';
import { DEFAULT_SCOPES, type OidcSettings, type SsoSettings } from '@tiphys/settings';
import type { LiveSettings } from '../../kube/config-objects.js';
import { createDiscovery, type Discovery } from './discovery.js';
import { createProviderHttp, type ProviderHttp, type ProviderHttpOptions } from './provider-http.js';
import { createProviderVerifier, type ProviderVerifier } from './provider-verifier.js';

/** Argo CD's names at Dex. */
export const DEX_CLIENT_ID = 'argo-cd';
export const DEX_CLI_CLIENT_ID = 'argo-cd-cli';
export const DEX_PATH = '/api/dex';
/** Asks Dex for the connector's id of the user (F31). */
const FEDERATED_SCOPE = 'federated:id';

export interface LoginProvider {
  readonly settings: Omit<OidcSettings, 'rootCa'>;
  readonly http: ProviderHttp;
  readonly discovery: Discovery;
  readonly verifier: ProviderVerifier;
  /** Dex only: the connector that the login goes to without asking. */
  readonly connectorId?: string;
}

export interface LoginProviders {
  /** Undefined: there is no single sign-on. Another object after each change of the settings that matter. */
  current(): LoginProvider | undefined;
  close(): Promise<void>;
}

export interface LoginProviderDeps {
  readonly settings: Pick<LiveSettings, 'sso' | 'server' | 'accounts' | 'version'>;
  readonly clock: Clock;
}

export function createLoginProviders({ settings, clock }: LoginProviderDeps): LoginProviders {
  let version: number | undefined;
  let facts = '';
  let current: LoginProvider | undefined;
  return {
    current: () => {
      if (version === settings.version()) return current;
      version = settings.version();
      const choice = chooseProvider(settings.sso(), {
        url: settings.server().url,
        signingKey: settings.accounts().signingKey,
      });
      const now = JSON.stringify(choice);
      if (now === facts) return current;
      facts = now;
      // Requests under way fail and are told so; they began with settings that are gone.
      void current?.http.close();
      current = choice && connect(choice, clock);
      return current;
    },
    close: async () => {
      await current?.http.close();
    },
  };
}

interface ProviderChoice {
  readonly settings: OidcSettings;
  readonly http: ProviderHttpOptions;
  readonly connectorId?: string;
}

interface InstallationFacts {
  readonly url: string | undefined;
  readonly signingKey: string | undefined;
}

/** Pure. Dex needs the installation's own URL, because that is where its users reach it. */
export function chooseProvider(sso: SsoSettings, { url, signingKey }: InstallationFacts): ProviderChoice | undefined {
  const { oidc, dex, dexServer, tlsInsecureSkipVerify: insecureSkipVerify } = sso;
  if (oidc !== undefined) {
    const rootCa = oidc.rootCa === undefined ? {} : { rootCa: oidc.rootCa };
    return { settings: oidc, http: { insecureSkipVerify, ...rootCa } };
  }
  if (dex === undefined || url === undefined || signingKey === undefined) return undefined;
  return {
    settings: {
      ...{ name: 'Dex', issuer: `${url}${DEX_PATH}`, clientId: DEX_CLIENT_ID, cliClientId: DEX_CLI_CLIENT_ID },
      clientSecret: dexClientSecret(signingKey),
      requestedScopes: [...DEFAULT_SCOPES, FEDERATED_SCOPE],
      requestedIdTokenClaims: {},
      allowedAudiences: [DEX_CLIENT_ID, DEX_CLI_CLIENT_ID],
      ...{ skipAudienceCheckWhenTokenHasNoAudience: false, pkce: false, refreshThresholdMs: 0 },
      disableOfflineAccessScopeInjection: true,
    },
    http: { origin: dexServer.url, insecureSkipVerify: !dexServer.strictTls },
    ...(dex.connectorId === undefined ? {} : { connectorId: dex.connectorId }),
  };
}

/** As Argo CD derives it, so that its Dex and ours agree: the first 40 characters of the hash of `server.secretkey`. */
export function dexClientSecret(signingKey: string): string {
  return createHash('sha256').update(signingKey).digest('base64url').slice(0, 40);
}

function connect({ settings, http: options, connectorId }: ProviderChoice, clock: Clock): LoginProvider {
  const {
    issuer,
    allowedAudiences: audiences,
    skipAudienceCheckWhenTokenHasNoAudience: allowMissingAudience,
  } = settings;
  const http = createProviderHttp(options);
  const discovery = createDiscovery({ issuer, http, clock });
  const verifier = createProviderVerifier({ issuer, http, audiences, allowMissingAudience, clock, discovery });
  return { settings, http, discovery, verifier, ...(connectorId === undefined ? {} : { connectorId }) };
}
