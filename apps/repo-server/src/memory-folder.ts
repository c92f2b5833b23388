/** A folder in memory for the many small work folders: making and removing one on a disk takes longer than most renders. */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A new folder of ours below `parent` (`/dev/shm`). What a killed process of the same data folder left there is removed (R9).
 * Undefined when there is no such place, or when somebody else has taken the name: the disk will do.
 */
export function makeMemoryFolder(parent: string, dataDir: string): string | undefined {
  if (!parent.startsWith('/')) return undefined;
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const folder = join(parent, `tiphys-${name}`);
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    // Not with `recursive`, which would be content with a folder that is there.
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  } catch {
    return undefined;
  }
}
