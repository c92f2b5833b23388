/** What has been found so far of everything that a kustomization reads. */
import { stringifyJson } from '@tiphys/model/yaml';
import type { ChartAccess } from '../charts/ports.js';
import type { RemoteRepositories, SourceEntry, SourceTree } from '../ports.js';
import type { RecordedTree } from '../tree/recorded-tree.js';
import type { WorkspaceFile } from '../workspace/ports.js';
import type { Kustomization } from './kustomization.js';

/** `refused` unless the installation's kustomize options have `--enable-helm`. */
export type HelmInflation = 'refused' | 'allowed';

export interface Collection {
  readonly tree: SourceTree;
  readonly recorded: RecordedTree;
  readonly helm: HelmInflation;
  /** Files by path. */
  readonly files: Map<string, SourceEntry>;
  /** Folders all of which is read, by path. */
  readonly charts: Map<string, string>;
  readonly visited: Set<string>;
  /** Kustomizations that are not used as they are, by path. */
  readonly edits: Map<string, Kustomization>;
  /** Files of charts that were fetched, by path. */
  readonly fetched: Map<string, { readonly tree: SourceTree; readonly oid: string }>;
  /** Files from above a kustomization, by the path below it that they are copied to. */
  readonly copies: Map<string, { readonly tree: SourceTree; readonly oid: string }>;
  /** May files above a kustomization be named? Never those outside of the repository. */
  readonly loadAnywhere: boolean;
  /** Names of fetched charts that may be another version tomorrow; shared with those of other repositories. */
  readonly unpinned: Set<string>;
  readonly remotes: RemoteRepositories | undefined;
  readonly chartAccess: ChartAccess | undefined;
  /** Ends what is fetched. */
  readonly signal: AbortSignal | undefined;
  /** Other repositories by the folder of the workspace that they are put into; shared by all of them. */
  readonly mounts: Map<string, Collection>;
  /** Folder of the workspace; empty for the source's own repository, else ends in `/`. */
  readonly prefix: string;
}

type Parts = Pick<Collection, 'tree' | 'recorded' | 'helm' | 'remotes'> &
  Partial<Pick<Collection, 'mounts' | 'prefix' | 'unpinned' | 'chartAccess' | 'signal' | 'loadAnywhere'>>;

export function startCollection(parts: Parts): Collection {
  const empty = { files: new Map(), charts: new Map(), visited: new Set<string>(), edits: new Map() };
  const shared = { mounts: new Map(), unpinned: new Set<string>(), fetched: new Map(), copies: new Map() };
  return { prefix: '', loadAnywhere: false, chartAccess: undefined, signal: undefined, ...shared, ...empty, ...parts };
}

/** The file that contains a reference. */
export interface Place {
  readonly folder: string;
  readonly file: string;
}

/** Adds the file at a path, if there is one inside of the repository. */
export async function addIfFile(collection: Collection, path: string): Promise<SourceEntry | undefined> {
  const result = await collection.recorded.lookup(path);
  if (result.kind !== 'found' || result.entry.kind !== 'blob') return undefined;
  collection.files.set(result.entry.path, result.entry);
  return result.entry;
}

/** The files and links for the workspace. */
export function workspaceFiles(collection: Collection): readonly WorkspaceFile[] {
  return [collection, ...collection.mounts.values()].flatMap(ownFiles);
}

function ownFiles({ tree, recorded, files, edits, fetched, copies, prefix }: Collection): readonly WorkspaceFile[] {
  const blobs = [...files.values()].map(({ path, oid }): WorkspaceFile => {
    const edited = edits.get(path);
    const at = prefix + path;
    // JSON is YAML.
    return edited === undefined ? { path: at, oid, tree } : { path: at, bytes: utf8(stringifyJson(edited)) };
  });
  const links = [...recorded.links()].map(
    ([path, link]): WorkspaceFile => ({ path: prefix + path, link: (prefix + link).replace(/\/$/, '') }),
  );
  const charts = [...fetched, ...copies].map(([path, file]): WorkspaceFile => ({ path: prefix + path, ...file }));
  return [...blobs, ...charts, ...links];
}

/** What the files and links are, by name: part of the render key. */
export function inputsOf(collection: Collection): unknown {
  return [collection, ...collection.mounts.values()].map(({ prefix, files, fetched, copies, recorded }) => {
    const oids = [...files, ...fetched, ...copies].map(([path, { oid }]) => [path, oid] as const);
    return [prefix, [...oids, ...recorded.links()].sort(([a], [b]) => (a < b ? -1 : 1))];
  });
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
