/** The set of bare mirrors under the data folder: one per repository and credential, so that nobody reads through another's access. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { LruMap } from '../lru-map.js';
import type { GitRemote } from '../ports.js';
import { createMirror, type Mirror, type MirrorOptions } from './mirror.js';

export interface Mirrors {
  get(remote: GitRemote): Mirror;
}

/** Open handles; a repository used longest ago is opened again when it is needed. */
const MAX_OPEN_MIRRORS = 256;
const DAY_MS = 24 * 60 * 60 * 1_000;
/** Mirrors that nobody used for this long are deleted at the start. */
const UNUSED_AFTER_MS = 14 * DAY_MS;

export function createMirrors(directory: string, options: Omit<MirrorOptions, 'directory'>): Mirrors {
  const mirrors = new LruMap<string, Mirror>(MAX_OPEN_MIRRORS);
  return {
    get: (remote) => {
      const key = remoteKey(remote);
      const known = mirrors.get(key);
      if (known !== undefined) return known;
      const mirror = createMirror({ ...options, directory: join(directory, `${key}.git`) });
      mirrors.set(key, mirror, 1);
      return mirror;
    },
  };
}

/** A name for the repository as seen with these credentials: a hash, so that it says nothing about them. */
export function remoteKey({ url, credentials, depth }: GitRemote): string {
  const identity = Object.entries(credentials)
    .filter(([, value]) => value !== undefined && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify(depth === undefined ? [url, identity] : [url, identity, depth]))
    .digest('hex')
    .slice(0, 40);
}

/**
 * To be called before the first use of the folder, by the only process that uses it. Deletes what a crash left half made:
 * mirrors, locks and temporary packs (R9); and mirrors unused for two weeks.
 */
export async function cleanMirrors(directory: string, now: Date): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const { mtimeMs } = await stat(path);
    if (!name.endsWith('.git') || now.getTime() - mtimeMs > UNUSED_AFTER_MS) await remove(path);
    else await removeLeftovers(path);
  }
}

const TEMPORARY_PACK = /^(tmp_|\.tmp-|pack_git2_|multi-pack-index\.lock$)/;

async function removeLeftovers(mirror: string): Promise<void> {
  const files = async (folder: string, recursive: boolean): Promise<readonly string[]> => {
    const names = await readdir(join(mirror, folder), { recursive }).catch(() => []);
    return names.map((name) => join(folder, name));
  };
  const locks = [...(await files('.', false)), ...(await files('refs', true))].filter((path) => path.endsWith('.lock'));
  const packs = (await files(join('objects', 'pack'), false)).filter((path) => TEMPORARY_PACK.test(basename(path)));
  for (const path of [...locks, ...packs]) await remove(join(mirror, path));
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
}
