/** Chart archives (.tgz) to files in memory, with limits and without anything that could leave the chart (S7, S12). */
import { joinPath } from '../tree/source-path.js';
import {
  type ArchiveLimits,
  type ArchiveName,
  brokenArchive,
  expandArchive,
  problemOfName,
  readTar,
  type TarEntry,
} from './tar.js';

/** Helm itself unpacks 100 MiB at most. */
export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = { maxBytes: 100 * 1024 * 1024, maxEntries: 20_000 };

export interface ArchiveFile {
  /** Relative to the root of what the archive holds; of a chart, to the one folder in it. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** The bytes are where a symbolic link leads. */
  readonly isLink?: boolean;
}

/** `what` names the archive in messages. @throws GitOpsError ManifestGeneration with the reason. */
export async function readChartArchive(
  packed: Uint8Array,
  what: string,
  limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS,
): Promise<readonly ArchiveFile[]> {
  const named = { what: `The chart archive ${what}`, next: 'Package the chart with "helm package".' };
  const tar = await expandArchive(packed, named, limits);
  const files = new Map<string, ArchiveFile>();
  for (const entry of readTar(tar, named, limits)) {
    const path = pathInChart(entry, named);
    if (path !== undefined) files.set(path, { path, bytes: entry.bytes });
  }
  if (!files.has('Chart.yaml')) throw brokenArchive(named, 'has no Chart.yaml in its folder');
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Members of the chart's folder; undefined for folders. */
function pathInChart({ name, type }: TarEntry, named: ArchiveName): string | undefined {
  if (type === '5') return undefined;
  const shown = JSON.stringify(name.slice(0, 200));
  const problem = SPECIAL[type] ?? problemOfName(name);
  if (problem !== undefined) throw brokenArchive(named, `has ${problem} (${shown})`);
  const inside = joinPath('', name) ?? '';
  const slash = inside.indexOf('/');
  if (slash < 0) throw brokenArchive(named, `has a file outside of the chart's folder (${shown})`);
  return inside.slice(slash + 1);
}

/** Types of members other than files. */
const SPECIAL: Readonly<Record<string, string>> = {
  1: 'a link',
  2: 'a link',
  3: 'a special file',
  4: 'a special file',
  6: 'a special file',
};
