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
  const server = serverOf(body);
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

function serverOf({ server: text = '' }: ClusterBody): string {
  const server = text.replace(/\/+$/, '');
  const url = URL.canParse(server) ? new URL(server) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return server;
  throw new ApiError('invalidArgument', `server "${server}" is not the URL of an API server; use https://host:port`);
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
  const metadata = existing?.metadata ?? { name: clusterSecretName(record.server), namespace };
  const managed = existing === undefined ? MANAGED_BY_US : metadata.annotations?.[MANAGED_BY];
  const annotations = { ...(record.annotations ?? metadata.annotations), [MANAGED_BY]: managed };
  return {
    ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', ...existing },
    metadata: {
      ...metadata,
      labels: { ...(record.labels ?? metadata.labels), [LABELS.secretType]: 'cluster' },
      annotations: withoutUndefined(annotations),
    },
    data: { ...othersOf(existing), ...dataOf(record) },
  };
}

const OPTIONAL_KEYS: readonly string[] = ['namespaces', 'clusterResources', 'project', 'shard'];

function othersOf(existing: KubernetesObject | undefined): Readonly<Record<string, unknown>> {
  const entries = Object.entries((existing?.['data'] ?? {}) as Readonly<Record<string, unknown>>);
  return Object.fromEntries(entries.filter(([key]) => !OPTIONAL_KEYS.includes(key)));
}

/** Base64, as in `data`; what is empty is left out. */
function dataOf({ server, name, config, ...record }: ClusterRecord): Readonly<Record<string, string>> {
  const { namespaces, clusterResources, project, shard } = record;
  const texts = {
    ...{ server, name, config: JSON.stringify(config), namespaces: namespaces.join(',') },
    ...{ clusterResources: clusterResources ? 'true' : '', project, shard },
  };
  const given = Object.entries(texts).filter(([, text]) => text !== '');
  return Object.fromEntries(given.map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
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
