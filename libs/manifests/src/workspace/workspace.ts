/** Private folders with exactly the files of a read set, removed after use. */
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { GitOpsError, isGitOpsError } from '@tiphys/model';
import { joinPath, parentOf } from '../tree/source-path.js';
import type { Workspace, WorkspaceFile } from './ports.js';

export interface WorkspaceLimits {
  /** Folder that the workspaces are made in; its owner empties it at start. */
  readonly folder: string;
  readonly maxFiles: number;
  readonly maxBytes: number;
}

/** The files under `root`; `home` and `tmp` beside it are the tool's own. */
export interface MaterializedWorkspace extends Workspace {
  readonly home: string;
  readonly tmp: string;
  /** The folder of all three. */
  readonly base: string;
  remove(): Promise<void>;
}

/** Nothing is left behind when it fails. */
export async function materialize(
  files: readonly WorkspaceFile[],
  limits: WorkspaceLimits,
  signal: AbortSignal,
): Promise<MaterializedWorkspace> {
  if (files.length > limits.maxFiles) throw tooLarge(`${limits.maxFiles} files`);
  const base = await makeBase(limits.folder);
  const remove = (): Promise<void> => rm(base, { recursive: true, force: true });
  try {
    const root = join(base, 'files');
    await mkdir(root);
    await writeAll({ root, files, maxBytes: limits.maxBytes, signal });
    const [home, tmp] = [join(base, 'home'), join(base, 'tmp')];
    await Promise.all([mkdir(home), mkdir(tmp)]);
    return { root, home, tmp, base, remove, path: (inside) => join(root, checked(inside)) };
  } catch (error) {
    await remove();
    throw describe(error);
  }
}

async function makeBase(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const base = await mkdtemp(join(folder, 'render-'));
    await chmod(base, 0o700);
    return base;
  } catch (error) {
    throw describe(error);
  }
}

interface Writing {
  readonly root: string;
  readonly files: readonly WorkspaceFile[];
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Files first and links last: nothing is ever written through a link. */
async function writeAll({ root, files, maxBytes, signal }: Writing): Promise<void> {
  const folders = new Set(['']);
  const makeFolder = async (path: string): Promise<void> => {
    const folder = parentOf(checked(path));
    if (folders.has(folder)) return;
    await mkdir(join(root, folder), { recursive: true });
    folders.add(folder);
  };
  let left = maxBytes;
  for (const file of files) {
    if ('link' in file) continue;
    signal.throwIfAborted();
    const bytes = 'bytes' in file ? file.bytes : await file.tree.readBlob(file.oid, left);
    left -= bytes.length;
    if (left < 0) throw tooLarge(`${maxBytes} bytes`);
    await makeFolder(file.path);
    await writeFile(join(root, file.path), bytes, { flag: 'wx', mode: 0o600 });
  }
  for (const file of files) {
    if (!('link' in file)) continue;
    await makeFolder(file.path);
    const from = dirname(join(root, file.path));
    await symlink(relative(from, join(root, checked(file.link))) || '.', join(root, file.path));
  }
}

/** A path of a workspace is one already: anything else is a mistake of the renderer. */
function checked(path: string): string {
  if (path === '' || path === '.') return '';
  if (joinPath('', path) === path && !path.includes('\0')) return path;
  throw new GitOpsError('Internal', `"${path.slice(0, 200)}" is not a path inside of a workspace.`);
}

function tooLarge(limit: string): GitOpsError {
  const next = 'Point spec.source.path at a smaller folder, or split the application.';
  return new GitOpsError('ManifestGeneration', `The source needs more than ${limit} to render. ${next}`);
}

const CODES: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Give the repo-server more space, or render less at a time',
  EDQUOT: 'the disk quota is used up. Give the repo-server more space, or render less at a time',
  EROFS: 'the file system is read-only. Set TIPHYS_DATA_DIR to a folder that can be written',
  EACCES: 'access is denied. Set TIPHYS_DATA_DIR to a folder that can be written',
};

/** System errors name folders of this machine: they are told in other words. */
function describe(error: unknown): unknown {
  if (isGitOpsError(error) || !(error instanceof Error) || !('code' in error)) return error;
  const code = String(error.code);
  if (code === 'ENAMETOOLONG') {
    const message = 'The source has a path that is longer than the file system allows. Shorten it.';
    return new GitOpsError('ManifestGeneration', message, { cause: error });
  }
  const what = CODES[code] ?? `it failed with ${code}`;
  return new GitOpsError('Internal', `The work folder of a render could not be written: ${what}.`, { cause: error });
}
