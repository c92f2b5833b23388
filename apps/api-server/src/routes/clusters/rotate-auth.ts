/** A new token of the service account that a cluster is used with; the old one ends (N09). */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { clusterRoutes } from '@tiphys/api-contract';
import { type KubeClient, RESOURCES } from '@tiphys/cluster';
import { decodeSecretData } from '@tiphys/settings';
import { decodeJwt } from 'jose';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/handler.js';
import { API_SERVER_MANAGER } from '../../kube/write-options.js';
import { checkConnection, rememberCheck, withClient } from './connection.js';
import { type ClusterDeps, findForUse } from './deps.js';
import { recordOfSecret, toSecret } from './record.js';
import { readSecret, storeSecret } from './writes.js';

type Routes = typeof clusterRoutes;

const TOKEN_TIMEOUT_MS = 30_000;
const POLL_MS = 200;

/** The new token is tested and stored before the old one is deleted: the cluster stays usable whatever fails. */
export function createRotateAuth(deps: ClusterDeps): Handler<Routes['rotateAuth']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const address = { id: params.id, type: query['id.type'] };
    const { server, secretName } = findForUse(deps, user, { ...address, action: 'update' });
    const stored = secretName === undefined ? undefined : await readSecret(deps, secretName, signal);
    const record = stored === undefined ? undefined : recordOfSecret(stored);
    const { bearerToken = '' } = record?.config ?? {};
    if (stored === undefined || record === undefined || bearerToken === '') {
      throw new ApiError('invalidArgument', `Cluster '${server}' does not use bearer token authentication`);
    }
    const account = accountOf(bearerToken);
    await withClient(deps, record, async (client) => {
      const issued = await issueToken(client, account, signal);
      const { certData: _cert, keyData: _key, ...tls } = record.config.tlsClientConfig ?? {};
      const config = { ...record.config, bearerToken: issued.token, tlsClientConfig: tls };
      const check = await checkConnection(deps, { ...record, config }, signal);
      await storeSecret(deps, toSecret({ ...record, config }, deps.namespace, stored), signal);
      await rememberCheck(deps, server, check);
      if (account.secretName !== undefined) {
        const key = { namespace: account.namespace, name: account.secretName };
        await client.delete(RESOURCES.secrets, key, { signal });
      }
      deps.log.info('cluster token rotated', { user: user.username, server, secret: issued.name, security: 2 });
    });
    return {};
  };
}

interface Account {
  readonly namespace: string;
  readonly name: string;
  /** Of the Secret behind a token that does not expire. */
  readonly secretName: string | undefined;
}

/** Both forms that Kubernetes issues. Throws `invalidArgument`. */
function accountOf(token: string): Account {
  const claims = claimsOf(token);
  const bound = (claims['kubernetes.io'] ?? {}) as { namespace?: string; serviceaccount?: { name?: string } };
  const claim = (name: string) => claims[`kubernetes.io/serviceaccount/${name}`] as string | undefined;
  const namespace = claim('namespace') ?? bound.namespace;
  const name = claim('service-account.name') ?? bound.serviceaccount?.name;
  if (namespace === undefined || name === undefined) throw notOfAccount();
  return { namespace, name, secretName: claim('secret.name') };
}

function claimsOf(token: string): Readonly<Record<string, unknown>> {
  try {
    return decodeJwt(token);
  } catch {
    throw notOfAccount();
  }
}

function notOfAccount(): ApiError {
  const text = 'the bearer token is not of a service account; register the cluster again with one that is';
  return new ApiError('invalidArgument', text);
}

interface IssuedToken {
  readonly name: string;
  readonly token: string;
}

/** A Secret that the cluster's token controller fills. */
async function issueToken(client: KubeClient, account: Account, signal: AbortSignal): Promise<IssuedToken> {
  const name = `${account.name}-token-${randomBytes(4).toString('hex')}`;
  const key = { namespace: account.namespace, name };
  const annotations = { 'kubernetes.io/service-account.name': account.name };
  const type = 'kubernetes.io/service-account-token';
  const secret = { apiVersion: 'v1', kind: 'Secret', type, metadata: { ...key, annotations } };
  await client.create(RESOURCES.secrets, secret, { fieldManager: API_SERVER_MANAGER, signal });
  for (let waitedMs = 0; waitedMs < TOKEN_TIMEOUT_MS; waitedMs += POLL_MS) {
    const filled = await client.get(RESOURCES.secrets, key, signal);
    const token = filled === undefined ? undefined : decodeSecretData(filled)['token'];
    if (token) return { name, token };
    await delay(POLL_MS, undefined, { signal });
  }
  await client.delete(RESOURCES.secrets, key, { signal });
  throw new ApiError('unavailable', `the cluster issued no token for ${account.namespace}/${account.name}; try again`);
}
