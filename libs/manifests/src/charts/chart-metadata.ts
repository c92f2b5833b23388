/** What Chart.yaml says about a chart to people. */
import { GitOpsError } from '@tiphys/model';
import { parseYaml } from '@tiphys/model/yaml';
import type { SourceTree } from '../ports.js';

export interface ChartMetadata {
  readonly name: string;
  readonly description: string;
  readonly home: string;
  /** `name <address>` and `name (URL)`, as far as they are given. */
  readonly maintainers: readonly string[];
}

const MAX_BYTES = 1024 * 1024;

/** Of the chart in a folder; empty for the root. @throws GitOpsError ManifestGeneration without a readable Chart.yaml. */
export async function readChartMetadata(tree: SourceTree, folder: string): Promise<ChartMetadata> {
  const path = folder === '' ? 'Chart.yaml' : `${folder}/Chart.yaml`;
  const entry = await tree.entry(path);
  if (entry?.kind !== 'blob') {
    throw new GitOpsError(
      'ManifestGeneration',
      `There is no ${path} in ${tree.commit}. Check path and targetRevision.`,
    );
  }
  const text = new TextDecoder().decode(await tree.readBlob(entry.oid, MAX_BYTES));
  const chart = recordOf(parseYaml(text, { origin: path }));
  const maintainers = Array.isArray(chart['maintainers']) ? chart['maintainers'].map(nameMaintainer) : [];
  return {
    name: textOf(chart['name']),
    description: textOf(chart['description']),
    home: textOf(chart['home']),
    maintainers: maintainers.filter((maintainer) => maintainer !== ''),
  };
}

function nameMaintainer(value: unknown): string {
  const { name, email, url } = recordOf(value);
  const address = textOf(email) === '' ? '' : `<${textOf(email)}>`;
  const site = address !== '' || textOf(url) === '' ? '' : `(${textOf(url)})`;
  return [textOf(name), address, site].filter((part) => part !== '').join(' ');
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
