/** Bare repositories for libgit2, which takes some settings of a connection from nowhere else. */
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Nodegit } from './api.js';

/** Credentials for one host are never shown to another one that it names (G14); on the same host libgit2 goes along. */
const SETTINGS = '[http]\n\tfollowRedirects = false\n';

/** Makes the repository, or brings the settings of an existing one up to date. */
export async function makeBareRepository(nodegit: Nodegit, path: string): Promise<void> {
  await nodegit.Repository.init(path, 1);
  await secureConnections(path);
}

export async function secureConnections(path: string): Promise<void> {
  const file = join(path, 'config');
  if (!(await readFile(file, 'utf8')).includes(SETTINGS)) await appendFile(file, SETTINGS);
}
