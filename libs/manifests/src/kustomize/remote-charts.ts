/** Charts that `helmCharts` names in Helm repositories and registries: fetched here, under the rules of the project, and put where kustomize looks (B22). */
import { GitOpsError, redact } from '@tiphys/model';
import { isVersion } from '@tiphys/model/versions';
import { readChartArchive } from '../charts/archive.js';
import { indexArchive, indexedTree } from '../charts/archive-tree.js';
import type { ChartAccess, ChartRepository } from '../charts/ports.js';
import { repositoryFor } from '../helm/dependencies.js';
import type { Collection, Place } from './collection.js';

export interface RemoteChart {
  readonly name: string;
  /** Empty: the newest. */
  readonly version: string;
  /** As in the kustomization: `https://…`, or `oci://…` of the folder that the chart is in. */
  readonly repo: string;
  /** Where kustomize looks for it, from the root of the repository. */
  readonly folder: string;
}

const NEVER = new AbortController().signal;

/** @throws GitOpsError ManifestGeneration or PermissionDenied with what to do, and as the chart client says. */
export async function addRemoteChart(collection: Collection, place: Place, chart: RemoteChart): Promise<void> {
  const { name, version, folder } = chart;
  const { client, repository } = permitted(collection.chartAccess, place, chart);
  const link = [...collection.recorded.links().keys()].find((path) => folder.startsWith(`${path}/`));
  if (link !== undefined) {
    const next = 'Set helmGlobals.chartHome to a folder of its own.';
    throw new GitOpsError(
      'ManifestGeneration',
      `${place.file}: the chart ${name} would lie behind the link ${link}. ${next}`,
    );
  }
  const signal = collection.signal ?? NEVER;
  const archive = await client.fetch({ repository, chart: name, version }, { signal });
  const files = await readChartArchive(archive.bytes, `${name} ${archive.version}`);
  const { index, contents } = indexArchive(files);
  const tree = indexedTree(index, archive.version, () => Promise.resolve(contents));
  for (const { path, oid } of index) collection.fetched.set(`${folder}/${path}`, { tree, oid });
  if (!isVersion(version)) collection.unpinned.add(name);
}

interface Permitted {
  readonly client: ChartAccess['client'];
  readonly repository: ChartRepository;
}

function permitted(access: ChartAccess | undefined, place: Place, { name, repo }: RemoteChart): Permitted {
  const where = `${place.file}: the chart ${name} comes from ${redact(repo).slice(0, 200)}`;
  const repository = repositoryFor(repo, access?.repositories ?? []);
  if (access === undefined || repository === undefined || !/^(https?|oci):\/\//.test(repo)) {
    const next = 'Name the repository by its URL (https:// or oci://), or add the unpacked chart to the repository.';
    throw new GitOpsError('ManifestGeneration', `${where}, which cannot be fetched. ${next}`);
  }
  if (access.permits?.(repository.url) === false) {
    const next = 'Add it to sourceRepos of the project, or add the unpacked chart to the repository.';
    throw new GitOpsError('PermissionDenied', `${where}, which the project does not permit. ${next}`);
  }
  return { client: access.client, repository };
}
