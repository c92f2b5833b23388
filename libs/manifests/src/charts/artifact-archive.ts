/** The layer of an OCI artefact to files in memory: links inside of it are kept, everything that leads outside is refused (B27, S7, S12). */
import { joinPath, nameOf, parentOf } from '../tree/source-path.js';
import type { ArchiveFile } from './archive.js';
import {
  type ArchiveLimits,
  type ArchiveName,
  brokenArchive,
  expandArchive,
  problemOfName,
  readTar,
  type TarEntry,
} from './tar.js';

export interface LayerArchive {
  readonly bytes: Uint8Array;
  readonly isCompressed: boolean;
  /** Names the artefact in messages. */
  readonly what: string;
  readonly limits: ArchiveLimits;
  /** What to do when it cannot be read. */
  readonly next?: string;
}

/** Sorted by path. @throws GitOpsError ManifestGeneration with the reason. */
export async function readArtifactArchive(layer: LayerArchive): Promise<readonly ArchiveFile[]> {
  const { bytes, isCompressed, limits } = layer;
  const named: ArchiveName = {
    what: `The content of ${layer.what}`,
    next: layer.next ?? 'Push the folder again, for example with "oras push".',
  };
  if (!isCompressed && bytes.length > limits.maxBytes) {
    throw brokenArchive(named, `has more than ${limits.maxBytes} bytes`);
  }
  const tar = isCompressed ? await expandArchive(bytes, named, limits) : bytes;
  const files = new Map<string, ArchiveFile>();
  const folders = new Set<string>();
  for (const entry of readTar(tar, named, limits)) {
    const file = toFile(entry, files, named);
    const path = file?.path ?? cleanName(entry, named);
    for (let folder = file === undefined ? path : parentOf(path); folder !== ''; folder = parentOf(folder)) {
      folders.add(folder);
    }
    if (file !== undefined) files.set(path, file);
  }
  const twice = [...folders].find((folder) => files.has(folder));
  if (twice !== undefined) throw brokenArchive(named, `has a file and a folder of one name (${JSON.stringify(twice)})`);
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const FOLDER = '5';
const HARD_LINK = '1';
const SYMBOLIC_LINK = '2';
const FILES = ['0', '\0', '7'];

/** Undefined for folders. */
function toFile(entry: TarEntry, files: ReadonlyMap<string, ArchiveFile>, named: ArchiveName): ArchiveFile | undefined {
  const path = cleanName(entry, named);
  if (entry.type === FOLDER) return undefined;
  if (path === '' || nameOf(path) === '') throw brokenArchive(named, 'has a file without a name');
  if (FILES.includes(entry.type)) return { path, bytes: entry.bytes };
  // It is followed when something reads it, and never out of the artefact.
  if (entry.type === SYMBOLIC_LINK) return { path, bytes: new TextEncoder().encode(entry.link), isLink: true };
  const linked = entry.type === HARD_LINK ? files.get(joinPath('', entry.link) ?? '') : undefined;
  if (linked !== undefined) return { ...linked, path };
  const what = entry.type === HARD_LINK ? 'a link to something outside' : 'a special file';
  throw brokenArchive(named, `has ${what} (${JSON.stringify(entry.name.slice(0, 200))})`);
}

function cleanName({ name }: TarEntry, named: ArchiveName): string {
  const problem = problemOfName(name);
  if (problem !== undefined) throw brokenArchive(named, `has ${problem} (${JSON.stringify(name.slice(0, 200))})`);
  return joinPath('', name) ?? '';
}
