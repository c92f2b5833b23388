/** Files of a repository as the archive that plugins are sent: gzipped tar in a temporary file, with its checksum. */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { GitOpsError } from '@tiphys/model';
import type { SourceEntry, SourceTree } from '../ports.js';
import { joinPath, parentOf } from '../tree/source-path.js';
import type { PluginFiles } from './ports.js';
import { tooMany, walkFiles } from './sent-files.js';
import { TAR_END, tarFile, tarFolder, tarLink } from './tar.js';

export interface ParcelLimits {
  /** Folder for the archive; its owner empties it at start. */
  readonly folder: string;
  readonly maxFiles: number;
  /** Of all files together, before they are packed. */
  readonly maxBytes: number;
}

export interface Parcel {
  /** SHA-256, hex. */
  readonly checksum: string;
  /** Of the archive. */
  readonly bytes: number;
  read(): Readable;
}

/** The archive is removed when the callback ends. @throws GitOpsError ManifestGeneration above a limit, or for links that leave the repository (S7). */
export async function withParcel<T>(
  { tree, files, limits }: { readonly tree: SourceTree; readonly files: PluginFiles; readonly limits: ParcelLimits },
  work: (parcel: Parcel) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  await mkdir(limits.folder, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(limits.folder, 'parcel-'));
  try {
    const file = join(folder, 'files.tgz');
    const hash = createHash('sha256');
    let bytes = 0;
    const count = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        hash.update(chunk);
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    const archive = Readable.from(inLargePieces(archiveOf(tree, files, limits)), { objectMode: false });
    await pipeline(archive, createGzip({ level: 1 }), count, createWriteStream(file, { mode: 0o600 }), { signal });
    return await work({
      checksum: hash.digest('hex'),
      bytes,
      read: () => createReadStream(file, { highWaterMark: 64 * 1024 }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function* archiveOf(tree: SourceTree, files: PluginFiles, limits: ParcelLimits): AsyncGenerator<Uint8Array> {
  const folders = new Set<string>();
  let left = limits.maxBytes;
  let count = 0;
  for await (const entry of walkFiles(tree, files, limits.maxFiles)) {
    count += 1;
    // Argo CD's sidecars make the folders of files by themselves, but not those of links.
    for (const folder of foldersOf(entry.path).filter((path) => !folders.has(path))) {
      folders.add(folder);
      yield tarFolder(folder);
    }
    const content = await readBlob(tree, entry, left);
    left -= content.length;
    if (left < 0) throw tooMany(`${limits.maxBytes} bytes`);
    yield entry.kind === 'symlink'
      ? tarLink(entry.path, linkTarget(entry, content))
      : tarFile(entry.path, content, entry.executable === true);
  }
  if (count === 0) {
    const next = 'Correct spec.source.path, or the settings that say what plugins are sent.';
    throw new GitOpsError('ManifestGeneration', `There are no files to send to the plugin. ${next}`);
  }
  yield TAR_END;
}

const PIECE_BYTES = 256 * 1024;

/** Compressing each small file by itself would cost a turn of the thread pool for each. */
async function* inLargePieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    held.push(piece);
    bytes += piece.length;
    if (bytes < PIECE_BYTES) continue;
    yield Buffer.concat(held);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(held);
}

/** From the root: `a`, `a/b` for `a/b/c`. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_part, index) => parts.slice(0, index + 1).join('/'));
}

/** A file above what is left says so in words about the whole. */
async function readBlob(tree: SourceTree, { oid }: SourceEntry, left: number): Promise<Uint8Array> {
  return tree.readBlob(oid, Math.max(left, 1));
}

function linkTarget({ path }: SourceEntry, content: Uint8Array): string {
  const target = new TextDecoder().decode(content);
  const isInside = !/\p{Cc}/u.test(target) && joinPath(parentOf(path), target) !== undefined;
  if (isInside) return target;
  const next = 'Replace the link by the file, or exclude it with reposerver.plugin.tar.exclusions.';
  throw new GitOpsError('ManifestGeneration', `${path}: the symbolic link leads outside of the repository. ${next}`);
}
