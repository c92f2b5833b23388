/**
 * Private folders with exactly the files of a read set, removed after use. Most are a handful of small files: those are
 * written and removed at one go, which is many times cheaper than asking the thread pool for each step.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { GitOpsError, isGitOpsError } from '@tiphys/model';
import { nextTurn } from '../directory/parse-file.js';
import { joinPath, parentOf } from '../tree/source-path.js';
import type { Workspace, WorkspaceFile } from './ports.js';

export interface WorkspaceLimits {
  /** Folder that the workspaces are made in; its owner empties it at start. */
  readonly folder: string;
  /** One in memory, for small ones; it must exist. */
  readonly memoryFolder?: string;
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

/** Written before others get a turn; about a millisecond. */
const TURN_FILES = 50;
const TURN_BYTES = 4 * 1024 * 1024;
/** What may be held in memory: making and removing such a workspace there takes a tenth of a millisecond, on a disk ten. */
const SMALL = { maxFiles: 500, maxBytes: 4 * 1024 * 1024 };

/** Nothing is left behind when it fails. */
export async function materialize(
  files: readonly WorkspaceFile[],
  limits: WorkspaceLimits,
  signal: AbortSignal,
): Promise<MaterializedWorkspace> {
  const { folder, memoryFolder, maxFiles, maxBytes } = limits;
  if (files.length > maxFiles) throw tooLarge(`${maxFiles} files`);
  if (memoryFolder !== undefined && files.length <= SMALL.maxFiles) {
    const small = { folder: memoryFolder, maxBytes: Math.min(maxBytes, SMALL.maxBytes), removal: 'atOnce' } as const;
    try {
      return await make(files, small, signal);
    } catch {
      // Too large, or the memory is used up: the disk has room, or words for what is wrong.
      signal.throwIfAborted();
    }
  }
  makeFolder(folder);
  return make(files, { folder, maxBytes, removal: 'byThreads' }, signal);
}

interface Making {
  readonly folder: string;
  readonly maxBytes: number;
  /** A disk lets one wait for it. */
  readonly removal: 'atOnce' | 'byThreads';
}

async function make(
  files: readonly WorkspaceFile[],
  { folder, maxBytes, removal }: Making,
  signal: AbortSignal,
): Promise<MaterializedWorkspace> {
  const base = makeBase(folder);
  // What a killed tool had started may still be writing for a moment.
  const options = { recursive: true, force: true, maxRetries: 5, retryDelay: 20 };
  const remove = async (): Promise<void> => (removal === 'atOnce' ? rmSync(base, options) : rm(base, options));
  try {
    const [root, home, tmp] = [join(base, 'files'), join(base, 'home'), join(base, 'tmp')];
    for (const own of [root, home, tmp]) mkdirSync(own);
    await writeAll({ root, files, maxBytes, signal });
    return { root, home, tmp, base, remove, path: (inside) => join(root, checked(inside)) };
  } catch (error) {
    await remove();
    throw describe(error);
  }
}

/** @throws GitOpsError Internal when it cannot be made. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw describe(error);
  }
}

/** For its owner only. */
function makeBase(folder: string): string {
  try {
    return mkdtempSync(join(folder, 'render-'));
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
  const makeParent = (path: string): void => {
    const folder = parentOf(checked(path));
    if (folders.has(folder)) return;
    mkdirSync(join(root, folder), { recursive: true });
    folders.add(folder);
  };
  let left = maxBytes;
  const pause = pauses();
  for (const file of files) {
    if ('link' in file) continue;
    signal.throwIfAborted();
    const bytes = 'bytes' in file ? file.bytes : await file.tree.readBlob(file.oid, left);
    left -= bytes.length;
    if (left < 0) throw tooLarge(`${maxBytes} bytes`);
    makeParent(file.path);
    writeFileSync(join(root, file.path), bytes, { flag: 'wx', mode: 0o600 });
    await pause(bytes.length);
  }
  for (const file of files) {
    if (!('link' in file)) continue;
    makeParent(file.path);
    const from = dirname(join(root, file.path));
    symlinkSync(relative(from, join(root, checked(file.link))) || '.', join(root, file.path));
    await pause(0);
  }
}

/** Lets others have a turn after so many files or bytes. */
function pauses(): (bytes: number) => Promise<void> | undefined {
  let [files, bytes] = [0, 0];
  return (more) => {
    files += 1;
    bytes += more;
    if (files < TURN_FILES && bytes < TURN_BYTES) return undefined;
    [files, bytes] = [0, 0];
    return nextTurn();
  };
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
