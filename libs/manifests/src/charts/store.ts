/** Chart archives and indexes on disk, by name: written at once or not at all, the oldest removed when there are too many bytes. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ChartStore {
  get(name: string): Promise<Uint8Array | undefined>;
  /** A store that cannot be written keeps nothing: what was fetched is used all the same. */
  set(name: string, bytes: Uint8Array): Promise<void>;
}

export function createChartStore(folder: string, maxBytes: number): ChartStore {
  const pathOf = (name: string): string => join(folder, createHash('sha256').update(name).digest('hex'));
  return {
    get: async (name) => {
      const path = pathOf(name);
      try {
        const bytes = await readFile(path);
        const now = new Date();
        await utimes(path, now, now);
        return bytes;
      } catch (error) {
        if (isSystemError(error)) return undefined;
        throw error;
      }
    },
    set: async (name, bytes) => {
      if (bytes.length > maxBytes) return;
      const temporary = join(folder, `.${randomUUID()}`);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await makeRoom(folder, maxBytes - bytes.length);
        await writeFile(temporary, bytes, { mode: 0o600 });
        await rename(temporary, pathOf(name));
      } catch (error) {
        await rm(temporary, { force: true });
        if (!isSystemError(error)) throw error;
      }
    },
  };
}

async function makeRoom(folder: string, maxBytes: number): Promise<void> {
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      const { size, mtimeMs } = await stat(path);
      return { path, size, mtimeMs };
    }),
  );
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of files.sort((a, b) => a.mtimeMs - b.mtimeMs)) {
    if (total <= maxBytes) return;
    await rm(path, { force: true });
    total -= size;
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
