/** From a manifest to the REST endpoint that takes it. */
import { GitOpsError, groupVersionKindOf, type KubernetesObject } from '@tiphys/model';
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
  const body = { ...object, metadata: { ...metadata, name, ...scope } };
  return { resource, namespace: resource.namespaced ? namespace : '', name, body };
}
