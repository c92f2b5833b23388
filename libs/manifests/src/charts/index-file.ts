/** index.yaml of a Helm repository: the versions of one chart, without parsing the thousands of others. */
import { GitOpsError, isGitOpsError } from '@tiphys/model';
import { parseYaml } from '@tiphys/model/yaml';
import type { ListedChart } from './ports.js';

export interface IndexEntry {
  readonly version: string;
  /** sha256, hex; empty when the index does not name it. */
  readonly digest: string;
  /** Absolute, or relative to the index. */
  readonly urls: readonly string[];
}

const MAX_BLOCK_BYTES = 32 * 1024 * 1024;

/** Empty when the repository has no such chart. @throws GitOpsError ManifestGeneration when the index is not readable. */
export function chartVersions(text: string, chart: string, origin: string): readonly IndexEntry[] {
  const block = findBlock(text, chart);
  const entries = block === undefined ? undefined : tryParse(block, chart, origin);
  return entries ?? parseWhole(text, chart, origin);
}

/** Names and versions of all charts, in the order of the index. @throws GitOpsError ManifestGeneration when it is not readable. */
export function listCharts(text: string, origin: string): readonly ListedChart[] {
  return scanCharts(text) ?? parseCharts(text, origin);
}

/** Line by line, as `helm repo index` writes them: indexes are too large to be parsed for this. Undefined for other files. */
function scanCharts(text: string): readonly ListedChart[] | undefined {
  const entries = /^entries:[ \t]*\r?$/m.exec(text);
  const indent = entries === null ? undefined : /\n([ ]+)[^\s#-]/.exec(text.slice(entries.index))?.[1];
  if (entries === null || indent === undefined) return undefined;
  const name = new RegExp(`^${indent}["']?([A-Za-z0-9][\\w.-]*)["']?:\\s*$`);
  const charts: ScannedChart[] = [];
  for (const line of text.slice(entries.index + entries[0].length).split('\n')) {
    if (/^[^\s#-]/.test(line)) break;
    const chart = name.exec(line)?.[1];
    if (chart !== undefined) charts.push({ name: chart, versions: [], indent: -1 });
    else scanLine(charts.at(-1), line);
  }
  const isWhole = charts.length > 0 && charts.every(({ versions }) => versions.length > 0);
  return isWhole ? charts.map((chart) => ({ name: chart.name, versions: chart.versions })) : undefined;
}

interface ScannedChart {
  readonly name: string;
  readonly versions: string[];
  /** Of the dashes of its entries; -1 before the first one. */
  indent: number;
}

function scanLine(chart: ScannedChart | undefined, line: string): void {
  if (chart === undefined) return;
  if (chart.indent < 0) chart.indent = /^ *(?=- )/.exec(line)?.[0].length ?? -1;
  const version = versionIn(line, chart.indent);
  if (version !== undefined) chart.versions.push(version);
}

/** The field of an entry whose dash stands at the indent; fields of lists in it stand deeper. */
function versionIn(line: string, indent: number): string | undefined {
  const match = /^([ -]*)version:\s*(.*)$/.exec(line);
  if (indent < 0 || match?.[1]?.length !== indent + 2 || !/^ *(- )?$/.test(match[1])) return undefined;
  return match[2]?.trim().replace(/^(["'])(.*)\1$/, '$2');
}

function parseCharts(text: string, origin: string): readonly ListedChart[] {
  const entries = Object.entries(recordOf(parseIndex(text, origin)['entries']) ?? {});
  const charts = entries.map(([name, list]) => ({
    name,
    versions: (Array.isArray(list) ? list : []).map((item: unknown) => String(recordOf(item)?.['version'] ?? '')),
  }));
  return charts.filter(({ versions }) => versions.length > 0);
}

/** Lines of `entries: <chart>:` as `helm repo index` writes them; undefined when the file is written in another way. */
function findBlock(text: string, chart: string): string | undefined {
  const entries = /^entries:[ \t]*\r?$/m.exec(text);
  if (entries === null) return undefined;
  const first = /\n([ ]+)[^\s#-]/g;
  first.lastIndex = entries.index;
  const indent = first.exec(text)?.[1];
  if (indent === undefined) return undefined;
  const name = chart.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const start = new RegExp(`^${indent}["']?${name}["']?:[ \\t]*\\r?$`, 'gm');
  start.lastIndex = entries.index;
  const found = start.exec(text);
  if (found === null) return undefined;
  const end = new RegExp(`^ {0,${indent.length}}[^\\s#-]`, 'gm');
  end.lastIndex = found.index + found[0].length;
  return text.slice(found.index, end.exec(text)?.index ?? text.length);
}

function tryParse(block: string, chart: string, origin: string): readonly IndexEntry[] | undefined {
  try {
    return toEntries(recordOf(parseYaml(block, { origin, maxBytes: MAX_BLOCK_BYTES })), chart);
  } catch (error) {
    // For example an anchor that is defined elsewhere: the whole file tells.
    if (isGitOpsError(error)) return undefined;
    throw error;
  }
}

function parseWhole(text: string, chart: string, origin: string): readonly IndexEntry[] {
  return toEntries(recordOf(parseIndex(text, origin)['entries']), chart) ?? [];
}

function parseIndex(text: string, origin: string): Readonly<Record<string, unknown>> {
  const index = recordOf(parseYaml(text, { origin, maxBytes: MAX_BLOCK_BYTES }));
  if (index === undefined) {
    throw new GitOpsError(
      'ManifestGeneration',
      `${origin} is no index of a Helm repository. Check the repository's URL.`,
    );
  }
  return index;
}

function toEntries(
  entries: Readonly<Record<string, unknown>> | undefined,
  chart: string,
): readonly IndexEntry[] | undefined {
  const list = entries !== undefined && Object.hasOwn(entries, chart) ? entries[chart] : undefined;
  if (!Array.isArray(list)) return undefined;
  return list.flatMap((item: unknown) => {
    const entry = recordOf(item);
    const urls = Array.isArray(entry?.['urls']) ? entry['urls'].filter((url) => typeof url === 'string') : [];
    if (entry === undefined || urls.length === 0) return [];
    const digest = typeof entry['digest'] === 'string' ? entry['digest'].replace(/^sha256:/, '').toLowerCase() : '';
    return [{ version: String(entry['version'] ?? ''), digest, urls }];
  });
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}
