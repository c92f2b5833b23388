/** Charts that a kustomization inflates (`helmCharts`): only when the installation allows it, from the repository or fetched. */
import { GitOpsError } from '@tiphys/model';
import type { SourceEntry } from '../ports.js';
import { joinPath } from '../tree/source-path.js';
import { addIfFile, type Collection, type Place } from './collection.js';
import { isRecord, type Kustomization, records, strings } from './kustomization.js';
import { addRemoteChart } from './remote-charts.js';
import { addInside } from './resolve.js';

const MAX_CHART_FILES = 5_000;

/** Adds the folders of the charts and their value files. @throws GitOpsError ManifestGeneration when that is not allowed, or a chart is not there. */
export async function collectCharts(collection: Collection, place: Place, kustomization: Kustomization): Promise<void> {
  const charts = [...records(kustomization['helmCharts']), ...records(kustomization['helmChartInflationGenerator'])];
  if (charts.length === 0) return;
  if (collection.helm === 'refused') {
    const next =
      'Add --enable-helm to kustomize.buildOptions in argocd-cm, or render the chart as a source of its own.';
    throw new GitOpsError('ManifestGeneration', `${place.file}: helmCharts is not enabled. ${next}`);
  }
  const globals = isRecord(kustomization['helmGlobals']) ? kustomization['helmGlobals'] : {};
  for (const chart of charts) {
    await collectChart(collection, place, {
      home: text(globals['chartHome'] ?? chart['chartHome']) || 'charts',
      chart,
    });
    const values = [text(chart['valuesFile'] ?? chart['values']), ...strings(chart['additionalValuesFiles'])];
    for (const file of values) {
      if (file !== '') await addInside(collection, place, { field: 'helmCharts', text: file });
    }
  }
}

interface NamedChart {
  readonly home: string;
  readonly chart: Kustomization;
}

/** Where kustomize looks: below `name-version` when a version and a repository are given, else `name`. */
async function collectChart(collection: Collection, place: Place, { home, chart }: NamedChart): Promise<void> {
  const { name, version, repo } = identify(chart);
  const relative = version !== '' && repo !== '' ? `${home}/${name}-${version}/${name}` : `${home}/${name}`;
  const path = joinPath(place.folder, relative);
  const result = name === '' || path === undefined ? undefined : await collection.recorded.lookup(path);
  if (result?.kind === 'found' && result.entry.kind === 'tree') {
    return addFolder(collection, result.entry, { left: MAX_CHART_FILES });
  }
  if (result?.kind === 'missing' && path !== undefined && repo !== '') {
    return addRemoteChart(collection, place, { name, version, repo, folder: path });
  }
  const next = 'Add the unpacked chart to the repository there, or name its repository with repo.';
  throw new GitOpsError('ManifestGeneration', `${place.file}: the chart "${relative}" is not there. ${next}`);
}

/** The second names are those of `helmChartInflationGenerator`. */
function identify(chart: Kustomization): { readonly name: string; readonly version: string; readonly repo: string } {
  return {
    name: text(chart['name'] ?? chart['chartName']),
    version: text(chart['version'] ?? chart['chartVersion']),
    repo: text(chart['repo'] ?? chart['chartRepoUrl']),
  };
}

async function addFolder(collection: Collection, folder: SourceEntry, budget: { left: number }): Promise<void> {
  // A new file in a chart changes what it renders: the folder itself belongs to the read set.
  collection.charts.set(folder.path, folder.oid);
  for (const child of await collection.tree.list(folder.path)) {
    budget.left -= 1;
    if (budget.left < 0) {
      const message = `The chart in "${folder.path}" has more than ${MAX_CHART_FILES} files. Make it smaller.`;
      throw new GitOpsError('ManifestGeneration', message);
    }
    if (child.kind === 'tree') await addFolder(collection, child, budget);
    else await addIfFile(collection, child.path);
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
