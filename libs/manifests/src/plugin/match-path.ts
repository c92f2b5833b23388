/** The rules of discovery that look at names (B31): by the sidecar in its files, and by the repo-server in the tree. */
import { matchesGlob } from '@tiphys/model';
import { joinPath, parentOf } from '../tree/source-path.js';

export interface PathRule {
  /** `fileName`: stars stay in one folder; `glob`: `**` stands for any folders. */
  readonly kind: 'fileName' | 'glob';
  /** From the folder of the source. */
  readonly pattern: string;
}

export interface FolderEntry {
  readonly path: string;
  readonly isFolder: boolean;
}

/** The entries of a folder, by path from the root; none when it is not there. Links are no folders. */
export type ListFolder = (path: string) => Promise<readonly FolderEntry[]>;

const MAX_LOOKED_AT = 200_000;

/** Folders match as files do. Only folders that a match may lie in are listed. */
export async function matchesPath({ kind, pattern }: PathRule, folder: string, list: ListFolder): Promise<boolean> {
  const whole = joinPath(folder, pattern);
  if (whole === undefined || whole === '') return false;
  const deep = kind === 'glob';
  const parts = (deep ? whole : whole.replace(/\*\*+/g, '*')).split('/');
  const literal = parts.findIndex((part) => /[*?[\\{]/.test(part));
  if (literal < 0) return (await list(parentOf(whole))).some(({ path }) => path === whole);
  const matches = matcherOf(parts.join('/'), deep);
  const depth = parts.some((part) => part.includes('**')) ? Number.POSITIVE_INFINITY : parts.length;
  const folders = [parts.slice(0, literal).join('/')];
  let left = MAX_LOOKED_AT;
  for (let at = folders.pop(); at !== undefined && left > 0; at = folders.pop()) {
    const entries = await list(at);
    if (entries.some(({ path }) => matches(path))) return true;
    const below = entries.filter(({ path, isFolder }) => isFolder && path.split('/').length < depth);
    folders.push(...below.map(({ path }) => path));
    left -= entries.length;
  }
  return false;
}

/** A `**` may also stand for no folder at all. */
function matcherOf(pattern: string, deep: boolean): (path: string) => boolean {
  const patterns = deep ? [pattern, pattern.replaceAll('**/', '')] : [pattern];
  return (path) => patterns.some((candidate) => matchesGlob(candidate, path, { separators: '/' }));
}

/** For a header, which is ASCII. */
export function encodeRule(rule: PathRule): string {
  return `${rule.kind}:${encodeURIComponent(rule.pattern)}`;
}

/** Undefined for anything else. */
export function decodeRule(text: string | undefined): PathRule | undefined {
  const [, kind, pattern] = /^(fileName|glob):([\w.!~*'()%-]+)$/.exec(text ?? '') ?? [];
  if (pattern === undefined) return undefined;
  return { kind: kind === 'glob' ? 'glob' : 'fileName', pattern: decodeURIComponent(pattern) };
}
