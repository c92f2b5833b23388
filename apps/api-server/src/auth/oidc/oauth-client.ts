/** The OAuth client of a login provider: openid-client on our HTTP, with its errors in our words. */
import {
  AuthorizationResponseError,
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  None,
  ResponseBodyError,
  type ServerMetadata,
} from 'openid-client';
import { ApiError } from '../../errors.js';
import type { ProviderMetadata } from './discovery.js';
import type { LoginProvider } from './login-provider.js';

export interface OauthClient {
  readonly configuration: Configuration;
  readonly metadata: ProviderMetadata;
}

/** Throws `unavailable` while the provider cannot be asked. */
export async function oauthClientOf(provider: LoginProvider): Promise<OauthClient> {
  const metadata = await provider.discovery.metadata();
  const { clientId, issuer } = provider.settings;
  const configuration = new Configuration(
    metadata as ServerMetadata,
    clientId,
    {},
    authenticationOf(provider, metadata),
  );
  if (issuer.startsWith('http:')) allowInsecureRequests(configuration);
  // openid-client is typed with the global Response; ours is undici's, which is the same class by name and by form.
  configuration[customFetch] = async (url, { body, ...options }) =>
    (await provider.http.fetch(url, { ...options, ...(body ? { body: String(body) } : {}) })) as unknown as Response;
  return { configuration, metadata };
}

/** In the header unless the provider takes it in the body only; the standard's default is the header. */
function authenticationOf({ settings }: LoginProvider, metadata: ProviderMetadata): ClientAuth {
  if (settings.clientSecret === undefined) return None();
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const inBody = !methods.includes('client_secret_basic') && methods.includes('client_secret_post');
  return inBody ? ClientSecretPost(settings.clientSecret) : ClientSecretBasic(settings.clientSecret);
}

/** Runs a request of openid-client; what it throws becomes an error that says whose turn it is. */
export async function asking<T>(request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    throw translated(error);
  }
}

function translated(error: unknown): unknown {
  if (error instanceof AuthorizationResponseError) {
    return new ApiError('invalidArgument', `the login provider refused: ${describe(error)}`);
  }
  if (error instanceof ResponseBodyError) {
    const text = `the login provider refused (${describe(error)}); start again, or have its client checked`;
    return new ApiError('failedPrecondition', text);
  }
  const { cause, message } = error instanceof Error ? error : { cause: undefined, message: String(error) };
  if (cause instanceof ApiError) return cause;
  const reason = cause instanceof Error ? `${message} (${cause.message})` : message;
  return new ApiError('invalidArgument', `this login cannot be finished: ${reason}; start again`);
}

function describe({ error, error_description: text }: { error: string; error_description?: string }): string {
  return text === undefined ? error : `${error}: ${text}`;
}
