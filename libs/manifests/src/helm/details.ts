/** What can be set for a chart: its value files, and the parameters that its values have. */
import { parseYaml } from '@tiphys/model/yaml';
import { buildEnvironment } from '../build-environment.js';
import { readChartMetadata } from '../charts/chart-metadata.js';
import { nameOf } from '../tree/source-path.js';
import type { HelmPlanRequest } from './types.js';
import { findValueFiles } from './value-files.js';

/** Argo CD's HelmAppSpec. */
export interface HelmDetails {
  readonly name: string;
  /** Files of the chart's folder that look like value files. */
  readonly valueFiles: readonly string[];
  /** values.yaml and the value files of the source, flattened: `image.tag`, `hosts[0]`; sorted by name. */
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
  /** The text of values.yaml. */
  readonly values: string;
  readonly fileParameters: readonly { readonly name: string; readonly path: string }[];
}

const MAX_VALUES_BYTES = 4 * 1024 * 1024;
const MAX_PARAMETERS = 10_000;
const NEVER = new AbortController().signal;

/** Value files that are missing are left out: what they would set is not known. Errors as for `planHelm`. */
export async function describeChart(request: HelmPlanRequest): Promise<HelmDetails> {
  const { tree, folder, recorded, source, application } = request;
  const { name } = await readChartMetadata(tree, folder.path);
  const children = await tree.list(folder.path);
  const path = folder.path === '' ? 'values.yaml' : `${folder.path}/values.yaml`;
  const own = await recorded.lookup(path);
  const read = (oid: string) => tree.readBlob(oid, MAX_VALUES_BYTES).then(decode);
  const values = own.kind === 'found' && own.entry.kind === 'blob' ? await read(own.entry.oid) : '';
  const environment = buildEnvironment({ source, commit: tree.commit, application });
  const helm = { ...source.helm, ignoreMissingValueFiles: true, fileParameters: [] };
  const signal = request.signal ?? NEVER;
  const found = await findValueFiles({ ...request, source: { ...source, helm } }, environment, signal);
  const texts = [{ origin: path, text: values }];
  for (const file of found.values) texts.push({ origin: file.shown, text: decode(await file.read(MAX_VALUES_BYTES)) });
  return {
    name,
    valueFiles: children
      .filter(({ kind }) => kind !== 'tree')
      .map((child) => nameOf(child.path))
      .filter(isValueFile),
    parameters: parametersOf(texts),
    values,
    fileParameters: (source.helm?.fileParameters ?? []).map(({ name: parameter = '', path: file = '' }) => ({
      name: parameter,
      path: file,
    })),
  };
}

function isValueFile(name: string): boolean {
  return name.includes('values') && /\.ya?ml$/.test(name);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

interface ValuesText {
  readonly origin: string;
  readonly text: string;
}

/** Later files win, as when Helm merges them. */
function parametersOf(texts: readonly ValuesText[]): HelmDetails['parameters'] {
  const parameters = new Map<string, string>();
  for (const { origin, text } of texts) flatten(parseYaml(text, { origin }), '', parameters);
  const sorted = [...parameters].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.slice(0, MAX_PARAMETERS).map(([name, value]) => ({ name, value }));
}

function flatten(value: unknown, name: string, into: Map<string, string>): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) flatten(item, `${name}[${index}]`, into);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      // As `--set` wants it: a dot in a key is no step down.
      const step = key.replaceAll('.', '\\.');
      flatten(item, name === '' ? step : `${name}.${step}`, into);
    }
  } else if (name !== '') {
    into.set(name, value === null || value === undefined ? '' : String(value));
  }
}
