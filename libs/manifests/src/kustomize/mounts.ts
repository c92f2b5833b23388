/** Remote bases (B23): their repositories are opened under the rules of the project, and put into the workspace. */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { GitOpsError } from '@tiphys/model';
import type { RemoteRepositories } from '../ports.js';
import { recordTree } from '../tree/recorded-tree.js';
import { joinPath } from '../tree/source-path.js';
import { type Collection, type Place, startCollection } from './collection.js';
import type { Reference } from './kustomization.js';
import { parseRemote, remoteError } from './remote.js';

export interface MountedBase {
  readonly collection: Collection;
  /** Of the folder in the other repository, through links. */
  readonly folder: string;
  /** From the folder of the reference to it, in the workspace. */
  readonly relative: string;
}

const MAX_MOUNTS = 50;

/** @throws GitOpsError ManifestGeneration for what is no folder of a Git repository, and as the port says. */
export async function mountRemote(collection: Collection, place: Place, reference: Reference): Promise<MountedBase> {
  const { kind, text, field } = reference;
  const base = kind === 'resource' || kind === 'folder' ? parseRemote(text) : undefined;
  if (base === undefined || collection.remotes === undefined) throw remoteError(place.file, field, text);
  const name = createHash('sha256')
    .update(JSON.stringify([base.url, base.ref]))
    .digest('hex')
    .slice(0, 16);
  const prefix = `.tiphys-remotes/${name}/`;
  const mounted =
    collection.mounts.get(prefix) ?? (await open(collection, { ...base, prefix, remotes: collection.remotes }));
  const path = joinPath('', base.path);
  const result = path === undefined ? undefined : await mounted.recorded.lookup(path);
  if (result?.kind !== 'found' || result.entry.kind !== 'tree') {
    const next = 'Correct the path behind the repository, or the ref.';
    throw new GitOpsError('ManifestGeneration', `${place.file}: "${base.path}" is no folder of ${base.url}. ${next}`);
  }
  const folder = result.entry.path;
  const relative = posix.relative(`/${collection.prefix}${place.folder}`, `/${prefix}${folder}`);
  return { collection: mounted, folder, relative };
}

interface Opening {
  readonly url: string;
  readonly ref: string;
  readonly prefix: string;
  readonly remotes: RemoteRepositories;
}

async function open(collection: Collection, { url, ref, prefix, remotes }: Opening): Promise<Collection> {
  const { mounts, helm, unpinned, chartAccess, loadAnywhere, signal } = collection;
  if (mounts.size >= MAX_MOUNTS) {
    const message = `The source names more than ${MAX_MOUNTS} remote bases. Vendor some of them.`;
    throw new GitOpsError('ManifestGeneration', message);
  }
  const tree = await remotes.open(url, ref);
  const mounted = startCollection({
    tree,
    recorded: recordTree(tree),
    helm,
    remotes,
    mounts,
    prefix,
    unpinned,
    chartAccess,
    loadAnywhere,
    signal,
  });
  mounts.set(prefix, mounted);
  return mounted;
}
