/** Asks a server for its kinds: two requests with aggregated discovery, one per group version with servers before 1.26. */
import type { KubeClient } from '../ports.js';
import {
  type AggregatedDiscovery,
  type DiscoveredVersion,
  type LegacyResourceList,
  readAggregated,
  readLegacy,
} from './parse-discovery.js';

const AGGREGATED = ['v2', 'v2beta1'].map(
  (version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
);
const ACCEPT = [...AGGREGATED, 'application/json'].join(',');

interface LegacyGroups {
  readonly kind: string;
  readonly versions?: readonly string[];
  readonly groups?: readonly {
    readonly name: string;
    readonly versions: readonly { readonly version: string }[];
    readonly preferredVersion?: { readonly version: string };
  }[];
}

/** @throws GitOpsError when the core group cannot be read; failures of single groups are in the result. */
export async function fetchDiscovery(client: KubeClient, signal: AbortSignal): Promise<readonly DiscoveredVersion[]> {
  const ask = (path: string) => client.request('GET', path, { accept: ACCEPT, signal });
  const answers = (await Promise.all([ask('/api'), ask('/apis')])) as readonly (AggregatedDiscovery & LegacyGroups)[];
  const parts = await Promise.all(
    answers.map(async (answer) =>
      answer.kind === 'APIGroupDiscoveryList' ? readAggregated(answer) : fetchLegacy(client, answer, signal),
    ),
  );
  return parts.flat();
}

async function fetchLegacy(
  client: KubeClient,
  answer: LegacyGroups,
  signal: AbortSignal,
): Promise<readonly DiscoveredVersion[]> {
  const core = (answer.versions ?? []).map((version) => ({ group: '', version }));
  const named = (answer.groups ?? []).flatMap(({ name, versions, preferredVersion }) =>
    versions
      .map(({ version }) => ({ group: name, version }))
      .sort(
        (a, b) => Number(b.version === preferredVersion?.version) - Number(a.version === preferredVersion?.version),
      ),
  );
  return Promise.all([...core, ...named].map((target) => fetchGroupVersion(client, target, signal)));
}

async function fetchGroupVersion(
  client: KubeClient,
  target: { readonly group: string; readonly version: string },
  signal: AbortSignal,
): Promise<DiscoveredVersion> {
  const path = target.group === '' ? `/api/${target.version}` : `/apis/${target.group}/${target.version}`;
  try {
    return readLegacy(target, (await client.request('GET', path, { signal })) as LegacyResourceList);
  } catch (error) {
    if (signal.aborted) throw error;
    const failure = error instanceof Error ? error.message : String(error);
    return { ...target, resources: [], failure };
  }
}
