/** /extensions.js (P19): the scripts of UI extensions from a folder, as one. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@tiphys/runtime';

const SCRIPT = /^extension.*\.js$/;
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_DEPTH = 8;

/** Empty when there is none. In the order of their paths; what is beyond the limit is left out and told. */
export async function readExtensionScripts(directory: string, log: Logger): Promise<string> {
  const parts: string[] = [];
  let left = MAX_BYTES;
  for (const file of await scriptsIn(directory, 0)) {
    const { size } = await stat(file);
    left -= size;
    if (left < 0) {
      log.warn('scripts of UI extensions are too large together; the rest is left out', { file, maxBytes: MAX_BYTES });
      break;
    }
    parts.push(`// ${file.slice(directory.length + 1)}\n${await readFile(file, 'utf8')}`);
  }
  return parts.join('\n');
}

/** Kubernetes mounts files as links into a hidden folder beside them. */
async function scriptsIn(directory: string, depth: number): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && !entry.name.startsWith('.') && depth < MAX_DEPTH) {
      found.push(...(await scriptsIn(path, depth + 1)));
    } else if (SCRIPT.test(entry.name) && (await stat(path)).isFile()) {
      found.push(path);
    }
  }
  return found;
}
