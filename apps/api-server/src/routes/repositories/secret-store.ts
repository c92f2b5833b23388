/** Writes the Secrets of repositories and templates, under the names and with the marks that Argo CD gives them (G01). */
import { type KubeClient, kubeStatusOf, RESOURCES } from '@tiphys/cluster';
import { isGitOpsError, type KubernetesObject, LABELS } from '@tiphys/model';
import { decodeSecretData, type SettingsData } from '@tiphys/settings';
import { ApiError } from '../../errors.js';
import type { ConfigObjects } from '../../kube/config-objects.js';
import { API_SERVER_MANAGER } from '../../kube/write-options.js';
import type { SecretKind } from './deps.js';
import { SECRET_KEYS } from './secret-data.js';

export interface CredentialSecrets {
  /** Throws `alreadyExists` when the name is taken by a Secret that holds something else. */
  create(secret: NewSecret, signal: AbortSignal): Promise<void>;
  /** `data` replaces every key that we know; others stay. */
  update(name: string, data: SettingsData, signal: AbortSignal): Promise<void>;
  /** Decoded; undefined: there is none. */
  read(name: string, signal: AbortSignal): Promise<SettingsData | undefined>;
  /** Deletes it when it is ours; a Secret that somebody else made only stops being a repository's, as in Argo CD. */
  remove(name: string, signal: AbortSignal): Promise<void>;
}

export interface NewSecret {
  readonly kind: SecretKind;
  readonly data: SettingsData;
}

export interface CredentialSecretsDeps {
  readonly kube: Pick<KubeClient, 'get' | 'create' | 'patch' | 'delete'>;
  readonly namespace: string;
  readonly observe: ConfigObjects['observe'];
}

const MANAGED_BY = 'managed-by';
const MANAGER = 'argocd.argoproj.io';
const ATTEMPTS = 5;

export function createCredentialSecrets(deps: CredentialSecretsDeps): CredentialSecrets {
  return {
    create: (secret, signal) => create(deps, secret, signal),
    update: (name, data, signal) =>
      changed(deps, { name, change: () => ({ data: encoded(data, true) }) }, signal).then(() => undefined),
    read: async (name, signal) => {
      const object = await get(deps, name, signal);
      return object === undefined ? undefined : decodeSecretData(object);
    },
    remove: async (name, signal) => {
      // First it stops being listed, so that whoever asks next does not see it any more.
      const change = () => ({ metadata: { labels: { [LABELS.secretType]: null } } });
      const detached = await changed(deps, { name, change }, signal);
      if (!isManaged(detached)) return;
      const { uid } = detached.metadata;
      const preconditions = uid === undefined ? {} : { preconditions: { uid } };
      await deps.kube.delete(RESOURCES.secrets, { namespace: deps.namespace, name }, { ...preconditions, signal });
    },
  };
}

/** Argo CD's names: 32-bit FNV-1a of the address and the project. Secrets are found by their data, never by this name. */
export function secretName(prefix: string, url: string, project = ''): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${url}${project}`)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `${prefix}-${hash}`;
}

async function create(deps: CredentialSecretsDeps, { kind, data }: NewSecret, signal: AbortSignal): Promise<void> {
  const name = secretName(kind.prefix, data['url'] ?? '', data['project']);
  const labels = { [LABELS.secretType]: kind.type };
  const secret: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: deps.namespace, labels, annotations: { [MANAGED_BY]: MANAGER } },
    type: 'Opaque',
    data: encoded(data, false),
  };
  try {
    deps.observe('secrets', await deps.kube.create(RESOURCES.secrets, secret, writeOptions(signal)));
  } catch (error) {
    if (kubeStatusOf(error)?.reason !== 'AlreadyExists') throw error;
    const change = (existing: KubernetesObject) => {
      assertLeftOver(existing);
      return { metadata: { labels }, data: encoded(data, true) };
    };
    await changed(deps, { name, change }, signal);
  }
}

/** A Secret of ours that was detached, and not deleted because we were interrupted, may be taken again. */
function assertLeftOver(existing: KubernetesObject): void {
  const { name = '', labels = {} } = existing.metadata;
  const isLabelled = labels[LABELS.secretType] !== undefined;
  if (isManaged(existing) && !isLabelled) return;
  if (isLabelled)
    throw new ApiError('alreadyExists', `the secret ${name} holds another repository; rename or delete it`);
  const text = `secret "${name}" doesn't have the proper "${LABELS.secretType}" label: please fix the secret or delete it`;
  throw new ApiError('invalidArgument', text);
}

function isManaged({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.[MANAGED_BY] === MANAGER;
}

interface Change {
  readonly name: string;
  /** A merge patch; throws to refuse. */
  readonly change: (existing: KubernetesObject) => { readonly metadata?: object; readonly data?: object };
}

/** Reads, decides and writes with the version that was read; again when somebody else was faster. */
async function changed(
  deps: CredentialSecretsDeps,
  { name, change }: Change,
  signal: AbortSignal,
): Promise<KubernetesObject> {
  for (let attempt = 1; ; attempt += 1) {
    const existing = await get(deps, name, signal);
    if (existing === undefined) throw new ApiError('notFound', `the secret ${name} was deleted meanwhile; try again`);
    const { metadata, data } = change(existing);
    const { resourceVersion } = existing.metadata;
    const patch = { metadata: { ...metadata, resourceVersion }, ...(data === undefined ? {} : { data }) };
    const target = { resource: RESOURCES.secrets, namespace: deps.namespace, name, type: 'merge' } as const;
    try {
      const written = await deps.kube.patch(target, patch, writeOptions(signal));
      deps.observe('secrets', written);
      return written;
    } catch (error) {
      if (!isGitOpsError(error) || error.code !== 'Conflict' || attempt === ATTEMPTS) throw error;
    }
  }
}

function get({ kube, namespace }: CredentialSecretsDeps, name: string, signal: AbortSignal) {
  return kube.get(RESOURCES.secrets, { namespace, name }, signal);
}

function writeOptions(signal: AbortSignal) {
  return { fieldManager: API_SERVER_MANAGER, signal };
}

/** Base64; with `whole`, null for every key that we know and `data` does not have. */
function encoded(data: SettingsData, whole: boolean): Record<string, string | null> {
  const values = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')] as const);
  const absent = whole ? SECRET_KEYS.map((key) => [key, null] as const) : [];
  return Object.fromEntries([...absent, ...values]);
}
