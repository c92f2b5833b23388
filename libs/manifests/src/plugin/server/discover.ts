/** The rules by which a plugin accepts an application (B31). */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { matchesGlob } from '@tiphys/model';
import { joinPath } from '../../tree/source-path.js';
import type { PluginDiscovery } from './config.js';
import type { ReceivedSource } from './receive.js';

const MAX_LOOKED_AT = 200_000;

/** `run` gives the standard output of the find command. */
export async function matchesSource(
  discovery: PluginDiscovery,
  source: ReceivedSource,
  run: (command: Extract<PluginDiscovery, { readonly kind: 'command' }>['run']) => Promise<string>,
): Promise<boolean> {
  if (discovery.kind === 'command') return (await run(discovery.run)).replace(/\n$/, '') !== '';
  const pattern = joinPath(relativeFolder(source), discovery.pattern);
  if (pattern === undefined) return false;
  return anyMatch({ root: source.root, pattern, deep: discovery.kind === 'glob' });
}

function relativeFolder({ root, folder }: ReceivedSource): string {
  return folder.slice(root.length + 1);
}

interface Search {
  readonly root: string;
  /** From the root. */
  readonly pattern: string;
  /** `**` stands for folders; else it is a star like any other. */
  readonly deep: boolean;
}

/** Folders match as files do. Only folders that a match may lie in are read; links are not followed. */
async function anyMatch({ root, pattern, deep }: Search): Promise<boolean> {
  const parts = (deep ? pattern : pattern.replace(/\*\*+/g, '*')).split('/');
  const literal = parts.findIndex((part) => /[*?[\\{]/.test(part));
  if (literal < 0) return exists(join(root, pattern));
  const matches = matcherOf(parts.join('/'), deep);
  const depth = parts.some((part) => part.includes('**')) ? Number.POSITIVE_INFINITY : parts.length;
  const folders = [parts.slice(0, literal).join('/')];
  let left = MAX_LOOKED_AT;
  for (let at = folders.pop(); at !== undefined && left > 0; at = folders.pop()) {
    const entries = await readdir(join(root, at), { withFileTypes: true }).catch(() => []);
    const paths = entries.map((entry) => ({ entry, path: at === '' ? entry.name : `${at}/${entry.name}` }));
    if (paths.some(({ path }) => matches(path))) return true;
    const below = paths.filter(({ entry, path }) => entry.isDirectory() && path.split('/').length < depth);
    folders.push(...below.map(({ path }) => path));
    left -= entries.length;
  }
  return false;
}

function matcherOf(pattern: string, deep: boolean): (path: string) => boolean {
  const patterns = deep ? [pattern, withoutFolders(pattern)] : [pattern];
  return (path) => patterns.some((candidate) => matchesGlob(candidate, path, { separators: '/' }));
}

/** A `**` may also stand for no folder at all. */
function withoutFolders(pattern: string): string {
  return pattern.replaceAll('**/', '');
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}
