/** The files of a chart's folder in a repository, through links inside the repository, without what `.helmignore` leaves out. */
import { GitOpsError } from '@tiphys/model';
import type { SourceEntry, SourceTree } from '../ports.js';
import type { RecordedTree } from '../tree/recorded-tree.js';
import { type IgnoreRules, parseHelmignore } from './helmignore.js';
import type { ChartFile } from './types.js';

export interface ChartFolder {
  readonly tree: SourceTree;
  readonly recorded: RecordedTree;
  readonly folder: SourceEntry;
}

const MAX_ENTRIES = 20_000;
/** Folders in folders, also through links: more than that is a link to a folder above. */
const MAX_DEPTH = 50;
const MAX_IGNORE_BYTES = 1024 * 1024;

interface Walk extends ChartFolder {
  readonly ignored: IgnoreRules;
  readonly files: ChartFile[];
  left: number;
}

interface Place {
  /** Where the files are in the repository. */
  readonly from: string;
  /** Where they are in the chart; empty for its root. */
  readonly to: string;
  readonly depth: number;
}

/** Sorted by path. @throws GitOpsError ManifestGeneration for links that leave the repository or lead nowhere (S7). */
export async function collectChartFiles(chart: ChartFolder): Promise<readonly ChartFile[]> {
  const ignored = await readIgnoreRules(chart);
  const walk: Walk = { ...chart, ignored, files: [], left: MAX_ENTRIES };
  await visit(walk, { from: chart.folder.path, to: '', depth: 0 });
  return walk.files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function readIgnoreRules({ tree, recorded, folder }: ChartFolder): Promise<IgnoreRules> {
  const found = await recorded.lookup(join(folder.path, '.helmignore'));
  if (found.kind !== 'found' || found.entry.kind !== 'blob') return () => false;
  return parseHelmignore(new TextDecoder().decode(await tree.readBlob(found.entry.oid, MAX_IGNORE_BYTES)));
}

async function visit(walk: Walk, place: Place): Promise<void> {
  if (place.depth > MAX_DEPTH) throw tooDeep(walk.folder.path);
  for (const entry of await walk.tree.list(place.from)) {
    walk.left -= 1;
    if (walk.left < 0) throw tooMany(walk.folder.path);
    const path = join(place.to, entry.path.slice(place.from === '' ? 0 : place.from.length + 1));
    if (entry.kind === 'submodule' || walk.ignored(path, entry.kind === 'tree')) continue;
    const target = entry.kind === 'symlink' ? await resolveLink(walk, entry) : entry;
    if (target.kind === 'tree') await visit(walk, { from: target.path, to: path, depth: place.depth + 1 });
    else walk.files.push(fileOf(walk.tree, path, target.oid));
  }
}

function fileOf(tree: SourceTree, path: string, oid: string): ChartFile {
  return { path, id: oid, read: (maxBytes) => tree.readBlob(oid, maxBytes) };
}

async function resolveLink(walk: Walk, link: SourceEntry): Promise<SourceEntry> {
  const target = await walk.recorded.lookup(link.path);
  if (target.kind === 'found' && target.entry.kind !== 'submodule') return target.entry;
  const reason = target.kind === 'illegal' ? target.reason : 'leads nowhere';
  const next = 'Replace the link by the file, or leave it out with .helmignore.';
  throw new GitOpsError('ManifestGeneration', `${link.path}: the symbolic link ${reason}. ${next}`);
}

function tooMany(path: string): GitOpsError {
  const next = 'Leave files out with .helmignore, or move the chart to a folder of its own.';
  return new GitOpsError(
    'ManifestGeneration',
    `The chart "${path || '.'}" has more than ${MAX_ENTRIES} files. ${next}`,
  );
}

function tooDeep(path: string): GitOpsError {
  const message = `The chart "${path || '.'}" has a symbolic link to a folder that contains it. Remove the link.`;
  return new GitOpsError('ManifestGeneration', message);
}

/** `a` and `b` to `a/b`; either may be empty. */
export function join(folder: string, name: string): string {
  return folder === '' || name === '' ? folder + name : `${folder}/${name}`;
}

/** The files that Helm loads whatever the templates say; everything else of a chart is only there for `.Files`. */
const STRUCTURE =
  /^(charts\/[^/]+\/)*(\.helmignore|Chart\.(yaml|lock)|values\.yaml|values\.schema\.json|requirements\.(yaml|lock)|(templates|crds)\/.*|charts\/[^/]+)$/;

export function isStructural(path: string): boolean {
  return STRUCTURE.test(path);
}

/** Templates of the chart and of the charts in it. */
export function isTemplate(path: string): boolean {
  return /^(charts\/[^/]+\/)*templates\//.test(path);
}
