/** Verifies tokens that CI systems sign for their jobs, by the keys of the issuers that federation.config lists. */
import type { KubeClient } from '@tiphys/cluster';
import type { Clock } from '@tiphys/runtime';
import type { FederationIssuer, FederationSettings } from '@tiphys/settings';
import { ApiError } from '../../errors.js';
import { createProviderHttp, type ProviderHttp } from '../oidc/provider-http.js';
import { createProviderVerifier, issuerOf, type ProviderVerifier } from '../oidc/provider-verifier.js';
import type { Identity } from './role-rules.js';

export interface SubjectTokens {
  /** Throws `unauthenticated` with the reason, for the log; `unavailable` when the issuer's keys cannot be read. */
  verify(token: string): Promise<Identity>;
  close(): Promise<void>;
}

export interface SubjectTokenDeps {
  readonly federation: () => FederationSettings;
  /** Of the control-plane cluster. */
  readonly kube: Pick<KubeClient, 'request'>;
  readonly clock: Clock;
}

interface Opened {
  /** The issuer and its audiences as text: a change makes another verifier. */
  readonly version: string;
  readonly verifier: ProviderVerifier;
  readonly http: ProviderHttp;
}

/** No issuer is asked anything unless it is listed, and nothing is asked for a token of another one. */
export function createSubjectTokens(deps: SubjectTokenDeps): SubjectTokens {
  const opened = new Map<string, Opened>();
  const verifierOf = (issuer: FederationIssuer, audiences: readonly string[]): ProviderVerifier => {
    const version = JSON.stringify([issuer, audiences]);
    const known = opened.get(issuer.issuer);
    if (known?.version === version) return known.verifier;
    void known?.http.close();
    const next = openIssuer(deps, issuer, audiences);
    opened.set(issuer.issuer, { ...next, version });
    return next.verifier;
  };
  return {
    verify: async (token) => {
      const claimed = issuerOf(token);
      const { issuers, rules } = deps.federation();
      const issuer = issuers.find((candidate) => candidate.issuer === claimed);
      if (issuer === undefined) {
        const named = claimed === undefined ? 'it is no JSON Web Token' : `its issuer ${claimed} is not listed`;
        throw new ApiError('unauthenticated', named);
      }
      const audiences = rules.filter((rule) => rule.issuer === issuer.issuer).map(({ audience }) => audience);
      const claims = await verifierOf(issuer, [...new Set(audiences)]).verify(token);
      return { issuer: issuer.issuer, audiences: [claims.aud ?? []].flat(), claims };
    },
    close: async () => {
      await Promise.all([...opened.values()].map(({ http }) => http.close()));
      opened.clear();
    },
  };
}

function openIssuer(
  { kube, clock }: SubjectTokenDeps,
  { issuer, jwksUri, rootCA, inCluster }: FederationIssuer,
  audiences: readonly string[],
): Omit<Opened, 'version'> {
  const http = inCluster ? clusterHttp(kube) : createProviderHttp(rootCA === undefined ? {} : { rootCa: rootCA });
  const uri = inCluster ? CLUSTER_KEYS : jwksUri;
  const known = uri === undefined ? {} : { discovery: fixedDiscovery(issuer, uri) };
  return { http, verifier: createProviderVerifier({ issuer, http, audiences, clock, ...known }) };
}

/** Where keys are is told by the setting; the algorithms are the verifier's, none of which is symmetric. */
function fixedDiscovery(issuer: string, jwksUri: string) {
  const supported = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
  const metadata = { issuer, jwks_uri: jwksUri, id_token_signing_alg_values_supported: supported };
  return { issuer, metadata: () => Promise.resolve(metadata) };
}

const CLUSTER_KEYS = 'https://kubernetes.default.svc/openid/v1/jwks';
const KEYS_TIMEOUT_MS = 10_000;

/** Every API server serves the keys of its service accounts to the service accounts of its cluster. */
function clusterHttp(kube: SubjectTokenDeps['kube']): ProviderHttp {
  return {
    fetch: () => Promise.reject(new ApiError('unavailable', 'only keys are read from the cluster')),
    getJson: (url) =>
      kube.request('GET', new URL(url).pathname, {
        signal: AbortSignal.timeout(KEYS_TIMEOUT_MS),
        accept: KEY_SET_TYPE,
      }),
    close: () => Promise.resolve(),
  };
}

/** The only type that the API server offers there. */
const KEY_SET_TYPE = 'application/jwk-set+json, application/json';
