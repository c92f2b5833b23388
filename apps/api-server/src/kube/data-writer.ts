/** Changes keys of the control plane's ConfigMaps and Secrets: read, decide, write with the version that was read, again on conflict. */
import { type KubeClient, kubeStatusOf, RESOURCES } from '@tiphys/cluster';
import { isGitOpsError, type KubernetesObject, LABELS } from '@tiphys/model';
import { configMapData, decodeSecretData, type SettingsData } from '@tiphys/settings';
import { API_SERVER_MANAGER } from './write-options.js';

/** New values by key; null removes the key, a key that is not named stays. */
export type DataChanges = Readonly<Record<string, string | null>>;

export interface DataTarget {
  readonly kind: 'configMaps' | 'secrets';
  readonly name: string;
}

export interface DataWriter {
  /** `decide` may be called several times and throws to refuse; no changes: nothing is written. The object is created when there is none. */
  change(target: DataTarget, decide: (data: SettingsData) => DataChanges, signal: AbortSignal): Promise<void>;
}

export interface DataWriterDeps {
  readonly kube: Pick<KubeClient, 'get' | 'create' | 'patch'>;
  readonly namespace: string;
  /** Called with what was written, so that the next read sees it. */
  readonly observe: (kind: DataTarget['kind'], object: KubernetesObject) => void;
}

const ATTEMPTS = 8;

export function createDataWriter(deps: DataWriterDeps): DataWriter {
  return {
    change: async (target, decide, signal) => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const written = await changeOnce(deps, { target, decide, signal });
          if (written !== undefined) deps.observe(target.kind, written);
          return;
        } catch (error) {
          if (!isConflict(error) || attempt === ATTEMPTS) throw error;
        }
      }
    },
  };
}

interface Change {
  readonly target: DataTarget;
  readonly decide: (data: SettingsData) => DataChanges;
  readonly signal: AbortSignal;
}

async function changeOnce(deps: DataWriterDeps, change: Change): Promise<KubernetesObject | undefined> {
  const { target, decide, signal } = change;
  const resource = RESOURCES[target.kind];
  const key = { namespace: deps.namespace, name: target.name };
  const existing = await deps.kube.get(resource, key, signal);
  const changes = decide(existing === undefined ? {} : dataOf(target, existing));
  if (Object.keys(changes).length === 0) return undefined;
  const data = encoded(target, changes);
  const options = { fieldManager: API_SERVER_MANAGER, signal };
  if (existing === undefined) {
    const labels = { [LABELS.partOf]: 'argocd', 'app.kubernetes.io/name': target.name };
    const present = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== null));
    const object = { apiVersion: 'v1', kind: resource.kind, metadata: { ...key, labels }, data: present };
    return deps.kube.create(resource, object, options);
  }
  const { resourceVersion } = existing.metadata;
  return deps.kube.patch({ resource, ...key, type: 'merge' }, { metadata: { resourceVersion }, data }, options);
}

function dataOf({ kind }: DataTarget, object: KubernetesObject): SettingsData {
  return kind === 'secrets' ? decodeSecretData(object) : configMapData(object);
}

function encoded({ kind }: DataTarget, changes: DataChanges): DataChanges {
  if (kind === 'configMaps') return changes;
  const entries = Object.entries(changes);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, value === null ? null : Buffer.from(value).toString('base64')]),
  );
}

function isConflict(error: unknown): boolean {
  return (isGitOpsError(error) && error.code === 'Conflict') || kubeStatusOf(error)?.reason === 'AlreadyExists';
}
