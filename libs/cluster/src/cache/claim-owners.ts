/** StatefulSets own the claims of their templates without an owner reference; Argo CD infers it from the names, so do we. */
import type { KubernetesObject, OwnerReference } from '@tiphys/model';
import type { CachedResource } from '../ports.js';
import { createMultiMap } from './multi-map.js';

export interface ClaimOwners {
  /** Called with the full object of every StatefulSet that is put. */
  putStatefulSet(object: KubernetesObject): void;
  removeStatefulSet(node: CachedResource): void;
  putClaim(node: CachedResource, id: string): void;
  removeClaim(node: CachedResource, id: string): void;
  /** The StatefulSet that a claim without owner references belongs to. */
  ownerOf(node: CachedResource): OwnerReference | undefined;
  /** Ids of the claims of a StatefulSet. */
  claimsOf(statefulSetUid: string): readonly string[];
}

export function isClaim({ key }: CachedResource): boolean {
  return key.kind === 'PersistentVolumeClaim' && key.group === '';
}

export function isStatefulSet({ key }: CachedResource): boolean {
  return key.kind === 'StatefulSet' && key.group === 'apps';
}

/** `namespace/template-statefulset`, the name of a claim without its ordinal. */
type ClaimPrefix = string;

export function createClaimOwners(): ClaimOwners {
  const owners = new Map<ClaimPrefix, OwnerReference>();
  const prefixes = new Map<string, readonly ClaimPrefix[]>();
  const claims = createMultiMap<ClaimPrefix, string>();

  function removeStatefulSet(uid: string): void {
    for (const prefix of prefixes.get(uid) ?? []) if (owners.get(prefix)?.uid === uid) owners.delete(prefix);
    prefixes.delete(uid);
  }
  return {
    putStatefulSet: (object) => {
      const { namespace = '', name = '', uid = '' } = object.metadata;
      removeStatefulSet(uid);
      const names = templateNames(object).map((template) => `${namespace}/${template}-${name}`);
      prefixes.set(uid, names);
      for (const prefix of names) owners.set(prefix, { apiVersion: 'apps/v1', kind: 'StatefulSet', name, uid });
    },
    removeStatefulSet: ({ uid }) => removeStatefulSet(uid),
    putClaim: (node, id) => {
      const prefix = claimPrefix(node);
      if (prefix !== undefined) claims.add(prefix, id);
    },
    removeClaim: (node, id) => {
      const prefix = claimPrefix(node);
      if (prefix !== undefined) claims.remove(prefix, id);
    },
    ownerOf: (node) => {
      const prefix = claimPrefix(node);
      return prefix === undefined ? undefined : owners.get(prefix);
    },
    claimsOf: (uid) => (prefixes.get(uid) ?? []).flatMap((prefix) => [...claims.get(prefix)]),
  };
}

function claimPrefix({ key, ownerReferences }: CachedResource): ClaimPrefix | undefined {
  if (ownerReferences.length > 0) return undefined;
  const prefix = /^(.+)-\d+$/.exec(key.name)?.[1];
  return prefix === undefined ? undefined : `${key.namespace}/${prefix}`;
}

function templateNames(object: KubernetesObject): readonly string[] {
  const spec = object['spec'] as { readonly volumeClaimTemplates?: readonly KubernetesObject[] } | undefined;
  return (spec?.volumeClaimTemplates ?? []).flatMap(({ metadata }) =>
    metadata?.name === undefined ? [] : [metadata.name],
  );
}
