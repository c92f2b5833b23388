/** The configuration of Dex that `dex.config` stands for (F23), as Argo CD's `argocd-dex gendexcfg` makes it. Pure. */
import type { DexSettings } from './oidc.js';
import { isRecord } from './reader.js';

export interface DexFacts {
  /** `url` of argocd-cm. */
  readonly url: string;
  readonly additionalUrls: readonly string[];
  /** Of the client `argo-cd`: the server derives the same one from `server.secretkey`. */
  readonly clientSecret: string;
}

/** Connectors that send users on to another provider, which must know where they come back. */
const NEED_REDIRECT_URI: readonly unknown[] = [
  ...['oidc', 'saml', 'microsoft', 'linkedin', 'gitlab', 'github', 'bitbucket-cloud', 'openshift', 'gitea', 'google'],
  'oauth',
];
/** What the command line listens on while its user logs in. */
const CLI_REDIRECT_URIS = ['http://localhost', 'http://localhost:8085/auth/callback'];

/** Holds secrets: it is for Dex's eyes only. What `dex.config` says of clients, expiry and so on stays. */
export function dexConfiguration(dex: DexSettings, facts: DexFacts): Readonly<Record<string, unknown>> {
  const { url, additionalUrls, clientSecret } = facts;
  const { oauth2, staticClients, connectors } = dex.config;
  const redirectURIs = [url, ...additionalUrls].map((base) => `${base}/auth/callback`);
  return {
    ...dex.config,
    issuer: `${url}/api/dex`,
    storage: { type: 'memory' },
    web: { http: '0.0.0.0:5556' },
    grpc: { addr: '0.0.0.0:5557' },
    telemetry: { http: '0.0.0.0:5558' },
    oauth2: { skipApprovalScreen: true, ...(isRecord(oauth2) ? oauth2 : {}) },
    staticClients: [
      { id: 'argo-cd', name: 'Argo CD', secret: clientSecret, redirectURIs },
      { id: 'argo-cd-cli', name: 'Argo CD CLI', public: true, redirectURIs: CLI_REDIRECT_URIS },
      ...(Array.isArray(staticClients) ? staticClients : []),
    ],
    connectors: (Array.isArray(connectors) ? connectors : []).map((connector) => withRedirectUri(connector, url)),
  };
}

function withRedirectUri(connector: unknown, url: string): unknown {
  if (!isRecord(connector) || !NEED_REDIRECT_URI.includes(connector['type'])) return connector;
  const config = isRecord(connector['config']) ? connector['config'] : {};
  return { ...connector, config: { ...config, redirectURI: `${url}/api/dex/callback` } };
}
