/** First start (F20): the signing key and the admin password, in the objects where Argo CD keeps them. */
import { randomBytes, randomInt } from 'node:crypto';
import { hash } from '@node-rs/bcrypt';
import { type KubeClient, RESOURCES } from '@tiphys/cluster';
import { CONFIG_OBJECTS, isGitOpsError, type KubernetesObject, kubernetesTime, LABELS } from '@tiphys/model';
import type { Clock, Logger } from '@tiphys/runtime';
import { API_SERVER_MANAGER } from '../kube/write-options.js';

export interface ServerSecretsDeps {
  readonly kube: KubeClient;
  readonly namespace: string;
  readonly clock: Clock;
  readonly log: Logger;
}

type SecretData = Readonly<Record<string, string>>;

const ATTEMPTS = 5;
const PASSWORD_LENGTH = 16;
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789-';

/**
 * Adds what argocd-secret lacks; existing values are never changed. Several replicas may start at once: the first
 * writer wins, the others read again.
 */
export async function ensureServerSecrets(deps: ServerSecretsDeps, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await ensureOnce(deps, signal);
      return;
    } catch (error) {
      if (!isGitOpsError(error) || error.code !== 'Conflict' || attempt === ATTEMPTS) throw error;
    }
  }
}

async function ensureOnce(deps: ServerSecretsDeps, signal: AbortSignal): Promise<void> {
  const key = { namespace: deps.namespace, name: CONFIG_OBJECTS.secret };
  const existing = await deps.kube.get(RESOURCES.secrets, key, signal);
  const data = (existing?.['data'] ?? {}) as SecretData;
  const missing = await missingValues(deps, data, signal);
  if (existing !== undefined && Object.keys(missing).length === 0) return;
  const options = { fieldManager: API_SERVER_MANAGER, signal };
  if (existing === undefined) {
    await deps.kube.create(RESOURCES.secrets, secretObject(key, encode(missing)), options);
  } else {
    await deps.kube.replace(RESOURCES.secrets, { ...existing, data: { ...data, ...encode(missing) } }, options);
  }
  deps.log.info('completed argocd-secret', { added: Object.keys(missing) });
}

async function missingValues(deps: ServerSecretsDeps, data: SecretData, signal: AbortSignal): Promise<SecretData> {
  const key = data['server.secretkey'] ? {} : { 'server.secretkey': randomBytes(32).toString('base64') };
  if (data['admin.password']) return key;
  const password = await initialPassword(deps, signal);
  const passwordHash = await hash(password, { cost: 10 });
  return { ...key, 'admin.password': passwordHash, 'admin.passwordMtime': kubernetesTime(deps.clock.now()) };
}

/** The password of argocd-initial-admin-secret, generated when there is none yet. */
async function initialPassword(deps: ServerSecretsDeps, signal: AbortSignal): Promise<string> {
  const key = { namespace: deps.namespace, name: CONFIG_OBJECTS.initialAdminSecret };
  const existing = await deps.kube.get(RESOURCES.secrets, key, signal);
  const stored = (existing?.['data'] as SecretData | undefined)?.['password'];
  if (stored !== undefined) return Buffer.from(stored, 'base64').toString();
  const password = Array.from({ length: PASSWORD_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('');
  const options = { fieldManager: API_SERVER_MANAGER, signal };
  await deps.kube.create(RESOURCES.secrets, secretObject(key, encode({ password })), options);
  deps.log.info('generated the admin password', { object: CONFIG_OBJECTS.initialAdminSecret });
  return password;
}

function secretObject(key: { readonly namespace: string; readonly name: string }, data: SecretData): KubernetesObject {
  const labels = { [LABELS.partOf]: 'argocd', 'app.kubernetes.io/name': key.name };
  return { apiVersion: 'v1', kind: 'Secret', metadata: { ...key, labels }, type: 'Opaque', data };
}

function encode(values: SecretData): SecretData {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  );
}
