/** The archive of a request into a private folder: checked, bounded, and nothing in it leads outside (S7, S12). */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, mkdtemp, open, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { GitOpsError, isGitOpsError } from '@tiphys/model';
import type { AppStreamRequest, ManifestRequestMetadata } from '@tiphys/proto';
import { joinPath, parentOf } from '../../tree/source-path.js';
import { readTar, type TarItem } from '../tar.js';

export interface ReceiveLimits {
  /** Folder of the work folders; its owner empties it at start. */
  readonly folder: string;
  /** Of the archive, and of everything in it. */
  readonly maxBytes: number;
  readonly maxFiles: number;
}

export interface ReceivedSource {
  readonly application: string;
  /** Absolute folder of the source. */
  readonly folder: string;
  /** Absolute root of the files. */
  readonly root: string;
  /** For temporary files of commands. */
  readonly tmp: string;
  readonly environment: Readonly<Record<string, string>>;
}

export interface ReceiveOptions {
  readonly limits: ReceiveLimits;
  /** Files keep the right to be run (`preserveFileMode`). */
  readonly preserveFileMode: boolean;
  /** Ends it while it is unpacked. */
  readonly signal: AbortSignal;
}

/** The folder is removed when the callback ends. @throws GitOpsError ManifestGeneration for anything but a sound archive. */
export async function withReceived<T>(
  stream: AsyncIterable<AppStreamRequest>,
  { limits, preserveFileMode, signal }: ReceiveOptions,
  work: (source: ReceivedSource) => Promise<T>,
): Promise<T> {
  await mkdir(limits.folder, { recursive: true, mode: 0o700 });
  const base = await mkdtemp(join(limits.folder, 'plugin-'));
  try {
    const [root, tmp, archive] = [join(base, 'files'), join(base, 'tmp'), join(base, 'files.tgz')];
    await Promise.all([mkdir(root), mkdir(tmp)]);
    const metadata = await receiveArchive(stream, archive, limits.maxBytes);
    await unpack(archive, root, { ...limits, preserveFileMode, signal });
    await rm(archive);
    const environment = metadata.env.filter(({ name }) => name !== '');
    return await work({
      ...{ root, tmp },
      application: metadata.appName,
      folder: join(root, sourceFolder(metadata)),
      environment: Object.fromEntries(environment.map(({ name, value }) => [name, value])),
    });
  } catch (error) {
    throw describe(error);
  } finally {
    await rm(base, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function receiveArchive(
  stream: AsyncIterable<AppStreamRequest>,
  file: string,
  maxBytes: number,
): Promise<ManifestRequestMetadata> {
  const target = await open(file, 'wx', 0o600);
  try {
    return await writeArchive(stream, target, maxBytes);
  } finally {
    await target.close();
  }
}

async function writeArchive(
  stream: AsyncIterable<AppStreamRequest>,
  target: FileHandle,
  maxBytes: number,
): Promise<ManifestRequestMetadata> {
  const hash = createHash('sha256');
  let metadata: ManifestRequestMetadata | undefined;
  let left = maxBytes;
  for await (const { request } of stream) {
    if (metadata === undefined) {
      if (request.case !== 'metadata') throw broken('does not begin with its description');
      metadata = request.value;
      continue;
    }
    if (request.case !== 'file') throw broken('has something other than the archive after its description');
    left -= request.value.chunk.length;
    if (left < 0) throw tooLarge(`${maxBytes} bytes`);
    hash.update(request.value.chunk);
    await target.writeFile(request.value.chunk);
  }
  if (metadata === undefined) throw broken('is empty');
  if (hash.digest('hex') !== metadata.checksum) throw broken('does not have the checksum that it names');
  return metadata;
}

interface Unpacking extends ReceiveLimits {
  readonly preserveFileMode: boolean;
  readonly signal: AbortSignal;
}

/** Files first and links last: nothing is ever written through a link. */
async function unpack(archive: string, root: string, limits: Unpacking): Promise<void> {
  const links: { readonly path: string; readonly target: string }[] = [];
  const folders = new Set([root]);
  const makeFolder = async (path: string): Promise<void> => {
    if (folders.has(path)) return;
    await mkdir(path, { recursive: true });
    folders.add(path);
  };
  const budget = { bytes: limits.maxBytes, files: limits.maxFiles };
  const unzipped = createReadStream(archive).pipe(createGunzip());
  for await (const item of readTar(unzipped)) {
    limits.signal.throwIfAborted();
    const { entry } = item;
    const path = checkedPath(entry.path);
    budget.files -= 1;
    budget.bytes -= entry.bytes;
    if (budget.files < 0) throw tooLarge(`${limits.maxFiles} files`);
    if (budget.bytes < 0) throw tooLarge(`${limits.maxBytes} bytes`);
    if (path === '') continue;
    if (entry.kind === 'link') links.push({ path, target: entry.target });
    else if (entry.kind === 'folder') await makeFolder(join(root, path));
    else {
      await makeFolder(parentOf(join(root, path)));
      await writeEntry(join(root, path), item, limits.preserveFileMode);
    }
  }
  for (const { path, target } of links) {
    if (target.startsWith('/') || joinPath(parentOf(path), target) === undefined || /\p{Cc}/u.test(target)) {
      throw broken(`has a symbolic link that leads outside (${path.slice(0, 200)})`);
    }
    await makeFolder(join(root, parentOf(path)));
    await symlink(target, join(root, path));
  }
}

async function writeEntry(path: string, { entry, content }: TarItem, preserveFileMode: boolean): Promise<void> {
  const file = await open(path, 'wx', preserveFileMode && entry.executable ? 0o755 : 0o644);
  try {
    for await (const piece of content) await file.writeFile(piece);
  } finally {
    await file.close();
  }
}

/** `./a//b` to `a/b`; empty for the root. */
function checkedPath(path: string): string {
  const inside = path.startsWith('/') || /\p{Cc}/u.test(path) ? undefined : joinPath('', path);
  if (inside !== undefined && !path.split('/').includes('..')) return inside;
  throw broken(`has a path that leads outside (${JSON.stringify(path.slice(0, 200))})`);
}

function sourceFolder({ appRelPath }: ManifestRequestMetadata): string {
  const folder = appRelPath.startsWith('/') ? undefined : joinPath('', appRelPath);
  if (folder !== undefined && !/\p{Cc}/u.test(folder)) return folder;
  throw broken(`has a source folder that leads outside (${JSON.stringify(appRelPath.slice(0, 200))})`);
}

function tooLarge(limit: string): GitOpsError {
  const next = 'Send less (manifest-generate-paths, tar exclusions), or raise the limits of the plugin server.';
  return new GitOpsError('ManifestGeneration', `The source has more than ${limit}. ${next}`);
}

function broken(why: string): GitOpsError {
  return new GitOpsError(
    'ManifestGeneration',
    `What the plugin was sent ${why}. Run matching versions of repo-server and sidecar.`,
  );
}

const CODES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Give the sidecar more space',
  EEXIST: 'it has two files of the same name',
  ENOTDIR: 'it has a file and a folder of the same name',
  EISDIR: 'it has a file and a folder of the same name',
  ENAMETOOLONG: 'it has a path that is longer than the file system allows',
  Z_DATA_ERROR: 'it is no gzip archive',
  Z_BUF_ERROR: 'it ends too early',
};

/** System errors name folders of the sidecar: they are told in other words. */
function describe(error: unknown): unknown {
  if (isGitOpsError(error) || !(error instanceof Error) || !('code' in error)) return error;
  const what = CODES[String(error.code)];
  if (what === undefined) return error;
  return new GitOpsError('ManifestGeneration', `What the plugin was sent cannot be unpacked: ${what}.`, {
    cause: error,
  });
}
