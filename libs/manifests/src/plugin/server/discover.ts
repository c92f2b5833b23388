/** The rules by which a plugin accepts an application (B31). */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ListFolder, matchesPath } from '../match-path.js';
import type { PluginDiscovery } from './config.js';
import type { ReceivedSource } from './receive.js';

/** `run` gives the standard output of the find command. */
export async function matchesSource(
  discovery: PluginDiscovery,
  source: ReceivedSource,
  run: (command: Extract<PluginDiscovery, { readonly kind: 'command' }>['run']) => Promise<string>,
): Promise<boolean> {
  if (discovery.kind === 'command') return (await run(discovery.run)).replace(/\n$/, '') !== '';
  return matchesPath(discovery, source.folder.slice(source.root.length + 1), listIn(source.root));
}

function listIn(root: string): ListFolder {
  return async (folder) => {
    const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
    return entries.map((entry) => ({
      path: folder === '' ? entry.name : `${folder}/${entry.name}`,
      isFolder: entry.isDirectory(),
    }));
  };
}
