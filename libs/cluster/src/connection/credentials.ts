/** How a kubeconfig user proves itself, request by request. The rules are @kubernetes/client-node's; only its small modules are loaded. */
import { readFile } from 'node:fs/promises';
import type { OutgoingHttpHeaders } from 'node:http';
import type { RequestOptions } from 'node:https';
import type { User } from '@kubernetes/client-node/dist/config_types.js';
import type { ClientCertificate, ClusterConnection } from '../ports.js';
import { countedSpawn, type PluginCall } from './plugin-calls.js';

export type Credentials = Pick<ClusterConnection, 'authorization' | 'clientCertificate'>;

export interface CredentialOptions {
  /** Told of every run of an exec plugin (H03), for metrics. */
  readonly onPluginCall?: ((call: PluginCall) => void) | undefined;
}

/** As client-go: a token file is read again after a minute at most. */
const TOKEN_FILE_MS = 60_000;

/** `user`: of a kubeconfig or made from a cluster Secret. Exec plugins run lazily and are cached until they expire. */
export async function credentialsOf(user: User, options: CredentialOptions = {}): Promise<Credentials> {
  if (user.exec) return execCredentials(user, options);
  if (user.authProvider?.config?.tokenFile) return { authorization: tokenFromFile(user.authProvider.config.tokenFile) };
  if (user.authProvider) return authProviderCredentials(user);
  if (user.token) return { authorization: constant(`Bearer ${user.token}`) };
  if (user.username) {
    const pair = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
    return { authorization: constant(`Basic ${pair}`) };
  }
  return {};
}

/** Service account tokens are rotated on disk by the kubelet. */
export function tokenFromFile(file: string): () => Promise<string | undefined> {
  let token: { readonly header: string; readonly readAt: number } | undefined;
  return async () => {
    if (token === undefined || performance.now() - token.readAt > TOKEN_FILE_MS) {
      token = { header: `Bearer ${(await readFile(file, 'utf8')).trim()}`, readAt: performance.now() };
    }
    return token.header;
  };
}

/** One plugin run serves all requests that wait for it. */
async function execCredentials(user: User, { onPluginCall }: CredentialOptions): Promise<Credentials> {
  const { ExecAuth } = await import('@kubernetes/client-node/dist/exec_auth.js');
  const plugin = new ExecAuth();
  // The only way to see a run: the plugin itself decides when the credential of the last one is over.
  if (onPluginCall !== undefined) Reflect.set(plugin, 'execFn', countedSpawn(onPluginCall));
  const ask = singleFlight(async () => {
    const options: RequestOptions = { headers: {} };
    await plugin.applyAuthentication(user, options);
    return options;
  });
  return {
    authorization: async () => authorizationHeader(await ask()),
    clientCertificate: async (): Promise<ClientCertificate | undefined> => {
      const { cert, key } = await ask();
      return cert === undefined || key === undefined ? undefined : { certData: String(cert), keyData: String(key) };
    },
  };
}

/** OIDC, GCP, Azure: rare and old; only here the whole of client-node (about 80 MB) is loaded. */
async function authProviderCredentials(user: User): Promise<Credentials> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  config.loadFromClusterAndUser({ name: 'cluster', server: 'https://cluster', skipTLSVerify: false }, user);
  const ask = singleFlight(async () => {
    const options: RequestOptions = { headers: {} };
    await config.applyToHTTPSOptions(options);
    return options;
  });
  return { authorization: async () => authorizationHeader(await ask()) };
}

function authorizationHeader({ headers }: RequestOptions): string | undefined {
  const value = (headers as OutgoingHttpHeaders | undefined)?.['Authorization'];
  return value === undefined ? undefined : String(value);
}

function constant(value: string): () => Promise<string> {
  return () => Promise.resolve(value);
}

function singleFlight<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}
