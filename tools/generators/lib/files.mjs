/** Writing generated files, and comparing them with the committed ones. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Replaces the contents of `folder` by `files` (name to text). */
export function writeFiles(folder, files) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

/** Writes one file, with its folder. */
export function writeText(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Unified diff of the committed file or folder against the generated one; empty when they are equal. */
export function differences({ root, temporary, path }) {
  const { status, stdout, error } = spawnSync('diff', ['-ruN', join(root, path), join(temporary, path)], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  return status === 0 ? '' : shorten(stdout);
}

function shorten(diff) {
  const lines = diff.split('\n');
  return lines.length <= 200 ? diff : `${lines.slice(0, 200).join('\n')}\n… ${lines.length - 200} more lines\n`;
}
