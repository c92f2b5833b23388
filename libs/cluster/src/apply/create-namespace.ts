/** The namespace of `CreateNamespace=true` (D30). */
import { FIELD_MANAGER, isGitOpsError, type KubernetesObject } from '@tiphys/model';
import type { KubeClient } from '../ports.js';
import { RESOURCES } from '../resources.js';

export interface NamespaceRequest {
  readonly client: KubeClient;
  readonly name: string;
  /** `managedNamespaceMetadata`: kept as given, other labels and annotations are left alone. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly dryRun?: boolean;
  readonly signal: AbortSignal;
}

/** Without managed metadata an existing namespace is not written. Returns the namespace as it is now. */
export async function createNamespace(request: NamespaceRequest): Promise<KubernetesObject> {
  const { client, name, labels, annotations, signal } = request;
  const write = { fieldManager: FIELD_MANAGER, ...(request.dryRun === true ? { dryRun: true } : {}), signal };
  const metadata = { name, ...(labels && { labels }), ...(annotations && { annotations }) };
  const namespace: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata };
  if (labels !== undefined || annotations !== undefined) {
    const target = { resource: RESOURCES.namespaces, namespace: '', name, type: 'apply' as const };
    return client.patch(target, namespace, { ...write, force: true });
  }
  const key = { namespace: '', name };
  const live = await client.get(RESOURCES.namespaces, key, signal);
  if (live !== undefined) return live;
  try {
    return await client.create(RESOURCES.namespaces, namespace, write);
  } catch (error) {
    // Another application created it in between.
    if (!isGitOpsError(error) || error.code !== 'Conflict') throw error;
    return (await client.get(RESOURCES.namespaces, key, signal)) ?? namespace;
  }
}
