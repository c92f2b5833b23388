/** What kinds a cluster serves. A failed group keeps its last known kinds and its reason: half an answer is never "no such kind". */
import { GitOpsError, type GroupKind, type GroupKindString, groupKindString } from '@tiphys/model';
import type { ApiResource, Discovery, KubeClient } from '../ports.js';
import { fetchDiscovery } from './fetch-discovery.js';
import type { DiscoveredVersion } from './parse-discovery.js';

/** A miss asks the server again at most this often. */
const MISS_REFRESH_MS = 500;

/** Empty until the first `refresh`. */
export function createDiscovery(client: KubeClient): Discovery {
  let snapshot = EMPTY;
  let refreshedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  const listeners = new Set<() => void>();

  async function load(signal: AbortSignal): Promise<void> {
    const [kubeVersion, versions] = await Promise.all([readVersion(client, signal), fetchDiscovery(client, signal)]);
    const next = buildSnapshot(kubeVersion, versions, snapshot);
    const changed = next.digest !== snapshot.digest;
    snapshot = next;
    refreshedAt = performance.now();
    if (changed) for (const listener of listeners) listener();
  }
  /** Single flight: callers that come while a refresh runs wait for it, with the signal of the first. */
  function refresh(signal: AbortSignal): Promise<void> {
    running ??= load(signal).finally(() => {
      running = undefined;
    });
    return running;
  }
  return {
    resolve: (groupKind, version) => resolveIn(snapshot, groupKind, version),
    all: () => snapshot.preferred,
    refresh,
    ensure: async (groupKind, signal, version) => {
      const known = resolveIn(snapshot, groupKind, version);
      if (known !== undefined) return known;
      if (performance.now() - refreshedAt > MISS_REFRESH_MS) await refresh(signal);
      const found = resolveIn(snapshot, groupKind, version);
      const reason = snapshot.failed.get(groupKind.group);
      if (found === undefined && reason !== undefined) throw failedGroupError(client, groupKind, reason);
      return found;
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    get kubeVersion() {
      return snapshot.kubeVersion;
    },
    apiVersions: () => snapshot.apiVersions,
    get failed() {
      return snapshot.failed;
    },
  };
}

interface Snapshot {
  readonly kubeVersion: string;
  readonly versions: readonly DiscoveredVersion[];
  readonly byKind: ReadonlyMap<GroupKindString, readonly ApiResource[]>;
  readonly preferred: readonly ApiResource[];
  readonly apiVersions: readonly string[];
  readonly failed: ReadonlyMap<string, string>;
  readonly digest: string;
}

const EMPTY: Snapshot = {
  kubeVersion: '',
  versions: [],
  byKind: new Map(),
  preferred: [],
  apiVersions: [],
  failed: new Map(),
  digest: '',
};

function resolveIn(snapshot: Snapshot, groupKind: GroupKind, version: string | undefined): ApiResource | undefined {
  const candidates = snapshot.byKind.get(groupKindString(groupKind));
  return version === undefined ? candidates?.[0] : candidates?.find((entry) => entry.version === version);
}

async function readVersion(client: KubeClient, signal: AbortSignal): Promise<string> {
  const answer = (await client.request('GET', '/version', { signal })) as { readonly gitVersion?: string };
  return answer.gitVersion ?? '';
}

function buildSnapshot(kubeVersion: string, found: readonly DiscoveredVersion[], before: Snapshot): Snapshot {
  const versions = found.map((entry) => keepKnownResources(entry, before));
  const byKind = new Map<GroupKindString, ApiResource[]>();
  for (const resource of versions.flatMap((entry) => entry.resources)) {
    const key = groupKindString(resource);
    const known = byKind.get(key);
    if (known === undefined) byKind.set(key, [resource]);
    else if (!known.some((entry) => entry.version === resource.version)) known.push(resource);
  }
  const failed = new Map(
    versions.flatMap(({ group, version, failure }) =>
      failure === undefined ? [] : [[group, `${version}: ${failure}`]],
    ),
  );
  const apiVersions = namesOf(versions);
  const digest = `${kubeVersion}\n${apiVersions.join('\n')}\n${[...failed].join('\n')}`;
  const preferred = [...byKind.values()].flatMap((candidates) => candidates.slice(0, 1));
  return { kubeVersion, versions, byKind, preferred, apiVersions, failed, digest };
}

function keepKnownResources(entry: DiscoveredVersion, before: Snapshot): DiscoveredVersion {
  if (entry.failure === undefined || entry.resources.length > 0) return entry;
  const known = before.versions.find((old) => old.group === entry.group && old.version === entry.version);
  return { ...entry, resources: known?.resources ?? [] };
}

/** Helm's `.Capabilities.APIVersions`: group versions and kinds, sorted. */
function namesOf(versions: readonly DiscoveredVersion[]): readonly string[] {
  const names = versions.flatMap(({ group, version, resources }) => {
    const groupVersion = group === '' ? version : `${group}/${version}`;
    return [groupVersion, ...resources.map(({ kind }) => `${groupVersion}/${kind}`)];
  });
  return [...new Set(names)].sort();
}

function failedGroupError(client: KubeClient, { group, kind }: GroupKind, reason: string): GitOpsError {
  return new GitOpsError(
    'Upstream',
    `cannot tell whether ${client.server} serves ${kind} of ${group || 'the core group'}: its discovery failed (${reason}); repair that API service`,
  );
}
