/** Files of Git LFS on disk, by repository, credential and content: fetched once, for everybody who may read them. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { singleFlight } from '@tiphys/runtime';
import { remoteKey } from '../mirror/mirrors.js';
import type { GitRemote } from '../ports.js';
import type { LfsPointer } from './pointer.js';

export interface LfsStore {
  /** From the disk, or by `fetch`. */
  get(remote: GitRemote, pointer: LfsPointer, fetch: () => Promise<Uint8Array>): Promise<Uint8Array>;
}

const UNUSED_AFTER_MS = 14 * 24 * 60 * 60 * 1_000;

export function createLfsStore(directory: string): LfsStore {
  const flights = singleFlight();
  return {
    get: async (remote, pointer, fetch) => {
      const folder = join(directory, remoteKey(remote));
      const file = join(folder, pointer.oid);
      const known = await readIntact(file, pointer);
      if (known !== undefined) return known;
      return flights.run(file, async () => {
        const bytes = await fetch();
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(`${file}.new`, bytes, { mode: 0o600 });
        await rename(`${file}.new`, file);
        return bytes;
      });
    },
  };
}

/** What the disk spoiled is fetched again. */
async function readIntact(file: string, { oid }: LfsPointer): Promise<Uint8Array | undefined> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined || createHash('sha256').update(bytes).digest('hex') !== oid) return undefined;
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
  return bytes;
}

/** To be called before the first use: removes what a crash left half made, and what nobody read for two weeks. */
export async function cleanLfs(directory: string, now: Date): Promise<void> {
  for (const name of await readdir(directory, { recursive: true }).catch(() => [])) {
    const path = join(directory, name);
    const info = await stat(path).catch(() => undefined);
    if (info?.isFile() !== true) continue;
    if (name.endsWith('.new') || now.getTime() - info.mtimeMs > UNUSED_AFTER_MS) await rm(path, { force: true });
  }
}
