/** Finds the binaries that bootstrap built. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Path of a built tool such as `tiphys-kube` or `helm`; throws with what to do when it has not been built. */
export function toolPath(name: string): string {
  const named = [process.env['TIPHYS_TOOLS'], process.env['TIPHYS_TEST_TOOLS']];
  const folders = [...named, ...cachedToolFolders()].filter((folder) => folder !== undefined);
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found === undefined) {
    throw new Error(`${name} has not been built; run "npm run bootstrap" first`);
  }
  return found;
}

/** For runs outside tools/bootstrap/run.mjs (an IDE): what is in the cache, newest first. */
function cachedToolFolders(): string[] {
  const cacheHome = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const cache = process.env['TIPHYS_CACHE'] ?? join(cacheHome, 'tiphys');
  if (!existsSync(cache)) {
    return [];
  }
  return readdirSync(cache)
    .filter((name) => name.startsWith('tools-'))
    .map((name) => join(cache, name, 'bin'))
    .filter((folder) => existsSync(folder))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
}
