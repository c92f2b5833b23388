/** What an OpenID Connect provider says of itself (OpenID Connect Discovery 1.0): read when needed, kept, read again. */
import type { Clock } from '@tiphys/runtime';
import { z } from 'zod';
import { ApiError } from '../../errors.js';
import type { ProviderHttp } from './provider-http.js';

const webUrl = z.url({ protocol: /^https?$/ });

const metadataSchema = z.looseObject({
  issuer: z.string(),
  authorization_endpoint: webUrl.optional(),
  token_endpoint: webUrl.optional(),
  jwks_uri: webUrl,
  userinfo_endpoint: webUrl.optional(),
  revocation_endpoint: webUrl.optional(),
  scopes_supported: z.array(z.string()).optional(),
  response_types_supported: z.array(z.string()).optional(),
  id_token_signing_alg_values_supported: z.array(z.string()).optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  code_challenge_methods_supported: z.array(z.string()).optional(),
});

export type ProviderMetadata = z.output<typeof metadataSchema>;

export interface Discovery {
  readonly issuer: string;
  /** Throws `unavailable` while the provider cannot be asked and was never reached before. */
  metadata(): Promise<ProviderMetadata>;
}

export interface DiscoveryOptions {
  readonly issuer: string;
  readonly http: ProviderHttp;
  readonly clock: Clock;
}

const FRESH_MS = 3_600_000;
/** A provider that is away is not asked by every request. */
const RETRY_MS = 2_000;

/** One request however many ask; the last good answer is used while the provider is away. */
export function createDiscovery({ issuer, http, clock }: DiscoveryOptions): Discovery {
  let known: ProviderMetadata | undefined;
  let failure: unknown;
  let askAgainAt = 0;
  let running: Promise<void> | undefined;
  const ask = async (): Promise<void> => {
    try {
      known = await readMetadata(issuer, http);
      failure = undefined;
      askAgainAt = clock.now().getTime() + FRESH_MS;
    } catch (error) {
      failure = error;
      askAgainAt = clock.now().getTime() + RETRY_MS;
    } finally {
      running = undefined;
    }
  };
  return {
    issuer,
    metadata: async () => {
      if (clock.now().getTime() >= askAgainAt) {
        running ??= ask();
        await running;
      }
      if (known !== undefined) return known;
      throw failure;
    },
  };
}

async function readMetadata(issuer: string, http: ProviderHttp): Promise<ProviderMetadata> {
  const url = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`;
  const parsed = metadataSchema.safeParse(await http.getJson(url));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ApiError(
      'unavailable',
      `${url} is no OpenID Connect configuration: ${issue?.path.join('.')} ${issue?.message}`,
    );
  }
  const metadata = parsed.data;
  if (metadata.issuer !== issuer) {
    const text = `${url} is of the issuer "${metadata.issuer}", but oidc.config names "${issuer}"; make them equal`;
    throw new ApiError('unavailable', text);
  }
  const { token_endpoint: token, jwks_uri: keys } = metadata;
  if (issuer.startsWith('https:') && [token, keys].some((endpoint) => endpoint?.startsWith('http:'))) {
    throw new ApiError('unavailable', `${url} names endpoints without TLS, but its issuer has TLS`);
  }
  return metadata;
}
