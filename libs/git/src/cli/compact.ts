/** Housekeeping of a mirror by the git program. */
import { runGit } from './command.js';

const TIMEOUT_MS = 5 * 60_000;

/** Joins small packs into larger ones; no object is dropped, also none that no ref names any more. */
export async function compactRepository(directory: string): Promise<void> {
  const args = [`--git-dir=${directory}`, '-c', 'repack.writeBitmaps=false', 'repack', '--geometric=2', '-d', '-q'];
  await runGit({ args, env: {}, timeoutMs: TIMEOUT_MS, signal: new AbortController().signal, url: directory });
}
