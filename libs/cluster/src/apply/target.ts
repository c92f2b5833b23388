/** From a manifest to the REST endpoint that takes it. */
import { encodeBase64Text, GitOpsError, groupVersionKindOf, type KubernetesObject } from '@tiphys/model';
import type { ApiResource } from '../ports.js';
import type { ApplyRequest } from './types.js';

export interface ApplyTarget {
  readonly resource: ApiResource;
  /** Empty for cluster-scoped kinds, whatever the manifest says. */
  readonly namespace: string;
  readonly name: string;
  /** The manifest without what only a server may set. */
  readonly body: KubernetesObject;
}

/** @throws GitOpsError NotFound when the cluster does not serve the kind, InvalidSpec when the manifest has no name or namespace. */
export async function resolveTarget({ client, discovery, object, signal }: ApplyRequest): Promise<ApplyTarget> {
  const kind = groupVersionKindOf(object);
  const resource = await discovery.ensure(kind, signal, kind.version);
  if (resource === undefined) {
    throw new GitOpsError(
      'NotFound',
      `${client.server} serves no ${object.kind} in ${object.apiVersion}; install its CRD first or correct apiVersion and kind`,
    );
  }
  const { name = '', namespace = '', managedFields: _ignored, ...metadata } = object.metadata;
  if (name === '') throw new GitOpsError('InvalidSpec', `${object.kind} has no metadata.name; add it to the manifest`);
  if (resource.namespaced && namespace === '') {
    throw new GitOpsError(
      'InvalidSpec',
      `${object.kind} ${name} has no namespace; set one in the manifest or the destination`,
    );
  }
  const scope = resource.namespaced ? { namespace } : {};
  const body = foldStringData({ ...object, metadata: { ...metadata, name, ...scope } });
  return { resource, namespace: resource.namespaced ? namespace : '', name, body };
}

/** A server keeps the keys that an earlier `stringData` wrote: only `data` alone can lose one again (C13). */
function foldStringData(object: KubernetesObject): KubernetesObject {
  const { stringData, ...rest } = object;
  if (object.apiVersion !== 'v1' || object.kind !== 'Secret' || !isTexts(stringData)) return object;
  const encoded = Object.entries(stringData).map(([key, value]) => [key, encodeBase64Text(String(value))] as const);
  const data = isTexts(rest['data']) ? rest['data'] : {};
  return { ...(rest as KubernetesObject), data: { ...data, ...Object.fromEntries(encoded) } };
}

function isTexts(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
