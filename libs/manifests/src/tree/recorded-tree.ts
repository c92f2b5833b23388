/** Look-ups in a tree that remember what they saw, and follow symbolic links without ever leaving the repository (S7, S8). */
import { GitOpsError } from '@tiphys/model';
import { ANY_FOLDER, type ReadSet, type SourceEntry, type SourceTree } from '../ports.js';
import { joinPath, parentOf } from './source-path.js';

export type Lookup =
  | { readonly kind: 'found'; readonly entry: SourceEntry }
  | { readonly kind: 'missing' }
  /** A link leads outside, or in circles. */
  | { readonly kind: 'illegal'; readonly reason: string };

export interface RecordedTree {
  /** The entry that the path leads to, through any links. */
  lookup(path: string): Promise<Lookup>;
  /** Remembers an entry that was seen by listing. */
  record(entry: SourceEntry): void;
  /** Sorted by path; each path once. */
  readSet(): ReadSet;
  /** The same without folders: for renderers that look up everything they need in them by name. */
  fileReadSet(): ReadSet;
  /** Links that were followed, and the path in the repository that each leads to. */
  links(): ReadonlyMap<string, string>;
}

const MAX_LINKS = 40;
const MAX_LINK_BYTES = 4_096;

export function recordTree(tree: SourceTree): RecordedTree {
  const seen = new Map<string, SourceEntry | undefined>();
  const passed = new Set<string>();
  const links = new Map<string, string>();
  const look = async (path: string): Promise<SourceEntry | undefined> => {
    const entry = await tree.entry(path);
    seen.set(path, entry);
    return entry;
  };
  const readSet = (isWanted: (entry: SourceEntry | undefined) => boolean): ReadSet => {
    const oids = new Map<string, string | null>([...passed].map((path) => [path, ANY_FOLDER]));
    for (const [path, entry] of seen) {
      if (isWanted(entry)) oids.set(path, entry?.oid ?? null);
    }
    return [...oids].map(([path, oid]) => ({ path, oid })).sort((a, b) => (a.path < b.path ? -1 : 1));
  };
  return {
    lookup: (path) => follow({ tree, look, passed, links }, path, MAX_LINKS),
    record: (entry) => void seen.set(entry.path, entry),
    readSet: () => readSet(() => true),
    fileReadSet: () => readSet((entry) => entry?.kind !== 'tree'),
    links: () => links,
  };
}

/** True when every path of the read set still has its object. Tree look-ups only. */
export async function readSetHolds(
  tree: SourceTree,
  readSet: ReadSet,
  references: ReadonlyMap<string, SourceTree> = new Map(),
): Promise<boolean> {
  for (const { path, oid, ref } of readSet) {
    const from = ref === undefined ? tree : references.get(ref);
    const entry = await from?.entry(path);
    const holds = oid === ANY_FOLDER ? entry?.kind === 'tree' : (entry?.oid ?? null) === oid;
    if (from === undefined || !holds) return false;
  }
  return true;
}

interface Walk {
  readonly tree: SourceTree;
  readonly look: (path: string) => Promise<SourceEntry | undefined>;
  /** Folders on the way, of which only that they are folders matters. */
  readonly passed: Set<string>;
  readonly links: Map<string, string>;
}

async function follow(walk: Walk, path: string, linksLeft: number): Promise<Lookup> {
  const direct = await walk.look(path);
  if (direct !== undefined && direct.kind !== 'symlink') return { kind: 'found', entry: direct };
  const link = direct ?? (await firstLink(walk, path));
  if (link === undefined) return { kind: 'missing' };
  if (linksLeft === 0) return { kind: 'illegal', reason: 'follows too many links' };
  const target = new TextDecoder().decode(await walk.tree.readBlob(link.oid, MAX_LINK_BYTES));
  const rest = path.slice(link.path.length + 1);
  const resolved = /\p{Cc}/u.test(target) ? undefined : joinPath(parentOf(link.path), target);
  // The answer is the same whether or not the place outside exists.
  if (resolved === undefined) return { kind: 'illegal', reason: 'leads outside of the repository' };
  walk.links.set(link.path, resolved);
  return follow(walk, [resolved, rest].filter((part) => part !== '').join('/'), linksLeft - 1);
}

/** The link among the folders of a path, from the root. */
async function firstLink(walk: Walk, wanted: string): Promise<SourceEntry | undefined> {
  const parts = wanted.split('/');
  for (let length = 1; length < parts.length; length += 1) {
    const path = parts.slice(0, length).join('/');
    const entry = await walk.tree.entry(path);
    if (entry?.kind === 'tree') {
      walk.passed.add(path);
      continue;
    }
    if (entry === undefined || entry.kind !== 'symlink') {
      await walk.look(path);
      return undefined;
    }
    return walk.look(path);
  }
  return undefined;
}

/** A folder of the source, through links. @throws GitOpsError ManifestGeneration when it is not there. */
export async function lookupFolder(recorded: RecordedTree, path: string, commit: string): Promise<SourceEntry> {
  const result = await recorded.lookup(path);
  const at = `in revision ${commit.slice(0, 10)}`;
  const next = 'Correct spec.source.path, or add the folder to the repository.';
  if (result.kind === 'illegal') {
    throw new GitOpsError('ManifestGeneration', `The source path "${path}" ${result.reason} ${at}. ${next}`);
  }
  if (result.kind === 'missing') {
    throw new GitOpsError('ManifestGeneration', `The source path "${path}" does not exist ${at}. ${next}`);
  }
  if (result.entry.kind !== 'tree') {
    throw new GitOpsError('ManifestGeneration', `The source path "${path}" is not a folder ${at}. ${next}`);
  }
  return result.entry;
}
