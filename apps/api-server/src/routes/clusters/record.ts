/** A cluster as its Secret holds it (H01): read, changed by a request, written as Argo CD writes it. Pure. */
import type { ClusterBody } from '@tiphys/api-contract';
import type { ClusterConfig } from '@tiphys/cluster';
import { type KubernetesObject, LABELS } from '@tiphys/model';
import { decodeSecretData } from '@tiphys/settings';
import { ApiError } from '../../errors.js';

export interface ClusterRecord {
  readonly server: string;
  readonly name: string;
  readonly config: ClusterConfig;
  readonly namespaces: readonly string[];
  readonly clusterResources: boolean;
  readonly project: string;
  readonly shard: string;
  /** Undefined: those of the Secret stay. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** Throws `invalidArgument`. */
export function recordOfBody(body: ClusterBody): ClusterRecord {
  const server = (body.server ?? '').replace(/\/+$/, '');
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new ApiError('invalidArgument', `server "${server}" is not the URL of an API server; use https://host:port`);
  }
  const namespaces = body.namespaces ?? [];
  const bad = namespaces.find((namespace) => !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(namespace));
  if (bad !== undefined) throw new ApiError('invalidArgument', `"${bad}" is not the name of a namespace`);
  return {
    ...{ server, name: body.name || server, config: (body.config ?? {}) as ClusterConfig, namespaces },
    clusterResources: body.clusterResources === true,
    project: body.project ?? '',
    shard: body.shard === undefined ? '' : String(body.shard),
    ...{ labels: body.labels, annotations: body.annotations },
  };
}

/** Throws `failedPrecondition` when `config` is not JSON. */
export function recordOfSecret(secret: KubernetesObject): ClusterRecord {
  const {
    server = '',
    name = '',
    namespaces = '',
    clusterResources,
    project = '',
    shard = '',
    config = '{}',
  } = decodeSecretData(secret);
  return {
    ...{ server: server.replace(/\/+$/, ''), name, project, shard, config: parseConfig(name, config) },
    namespaces: namespaces.split(',').flatMap((text) => text.trim() || []),
    clusterResources: clusterResources === 'true',
    ...{ labels: undefined, annotations: undefined },
  };
}

function parseConfig(name: string, text: string): ClusterConfig {
  try {
    return JSON.parse(text) as ClusterConfig;
  } catch {
    throw new ApiError('failedPrecondition', `config in the Secret of cluster ${name} is not JSON; correct it there`);
  }
}

const FIELDS = [
  'name',
  'namespaces',
  'config',
  'shard',
  'clusterResources',
  'labels',
  'annotations',
  'project',
] as const;

/** Only the named fields change; without names, all of them. Throws `invalidArgument` for a name that is no field. */
export function withFields(current: ClusterRecord, wanted: ClusterRecord, names: readonly string[]): ClusterRecord {
  const unknown = names.find((name) => !FIELDS.some((field) => field === name));
  if (unknown !== undefined) {
    throw new ApiError('invalidArgument', `"${unknown}" cannot be updated; updatedFields takes ${FIELDS.join(', ')}`);
  }
  if (names.length === 0) return wanted;
  const changed = FIELDS.filter((field) => names.includes(field)).map((field) => [field, wanted[field]] as const);
  return { ...current, ...Object.fromEntries(changed) };
}

const MANAGED_BY = 'managed-by';
const MANAGED_BY_US = 'argocd.argoproj.io';

/** The Secret to write; keys and metadata of an existing one that are not a cluster's stay. */
export function toSecret(record: ClusterRecord, namespace: string, existing?: KubernetesObject): KubernetesObject {
  const { server, name, config, namespaces, clusterResources, project, shard } = record;
  const data = {
    ...{ server, name, config: JSON.stringify(config) },
    ...(namespaces.length === 0 ? {} : { namespaces: namespaces.join(',') }),
    ...(clusterResources ? { clusterResources: 'true' } : {}),
    ...(project === '' ? {} : { project }),
    ...(shard === '' ? {} : { shard }),
  };
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')] as const);
  const {
    namespaces: _n,
    clusterResources: _c,
    project: _p,
    shard: _s,
    ...others
  } = (existing?.['data'] ?? {}) as Record<string, unknown>;
  const metadata = existing?.metadata ?? { name: clusterSecretName(server), namespace };
  const managed = existing === undefined ? MANAGED_BY_US : metadata.annotations?.[MANAGED_BY];
  const annotations = { ...(record.annotations ?? metadata.annotations), [MANAGED_BY]: managed };
  return {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', ...existing },
    metadata: {
      ...metadata,
      labels: { ...(record.labels ?? metadata.labels), [LABELS.secretType]: 'cluster' },
      annotations: withoutUndefined(annotations),
    },
    data: { ...others, ...Object.fromEntries(encoded) },
  };
}

function withoutUndefined(texts: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Ours to delete; another tool's Secret is only taken off the list. */
export function isManagedByUs({ metadata }: KubernetesObject): boolean {
  return metadata.annotations?.[MANAGED_BY] === MANAGED_BY_US;
}

/** `cluster-<host>-<FNV-1a of the URL>`, as Argo CD names it. */
export function clusterSecretName(server: string): string {
  const host = new URL(server).hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replaceAll(':', '-');
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(server)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `cluster-${host}-${hash}`;
}
