/** Commits, trees and blobs of a bare mirror through libgit2. */
import { GitOpsError } from '@tiphys/model';
import type { ObjectDatabase, RawCommit, RawEntry } from '../object-database.js';
import type { NgCommit, NgRepository, Nodegit } from './api.js';

export async function openObjectDatabase(nodegit: Nodegit, directory: string): Promise<ObjectDatabase> {
  const repository = await nodegit.Repository.openBare(directory);
  return {
    commit: (sha) => orUndefined(() => nodegit.Commit.lookup(repository, nodegit.Oid.fromString(sha))),
    commitByPrefix: (prefix) => {
      const padded = nodegit.Oid.fromString(prefix.padEnd(40, '0'));
      return orUndefined(() => nodegit.Commit.lookupPrefix(repository, padded, prefix.length));
    },
    tree: async (oid) => {
      const tree = await nodegit.Tree.lookup(repository, nodegit.Oid.fromString(oid));
      return tree.entries().map(
        (entry): RawEntry => ({
          name: entry.name,
          oid: entry.oid,
          kind: kindOf(entry.mode),
          ...(entry.mode === 0o100755 ? { executable: true } : {}),
        }),
      );
    },
    blob: (oid, maxBytes) => readBlob({ nodegit, repository }, oid, maxBytes),
  };
}

interface Handle {
  readonly nodegit: Nodegit;
  readonly repository: NgRepository;
}

async function readBlob({ nodegit, repository }: Handle, oid: string, maxBytes: number): Promise<Uint8Array> {
  const blob = await nodegit.Blob.lookup(repository, nodegit.Oid.fromString(oid));
  const bytes = blob.rawsize();
  if (bytes > maxBytes) {
    throw new GitOpsError(
      'ManifestGeneration',
      `The file has ${bytes} bytes, more than the limit of ${maxBytes} bytes.`,
    );
  }
  return blob.content();
}

const NOT_FOUND = -3;
const AMBIGUOUS = -5;

async function orUndefined(lookup: () => Promise<NgCommit>): Promise<RawCommit | undefined> {
  try {
    return describe(await lookup());
  } catch (error) {
    const code = (error as { errno?: number }).errno;
    if (code === NOT_FOUND || code === AMBIGUOUS) return undefined;
    throw error;
  }
}

function describe(commit: NgCommit): RawCommit {
  const author = commit.author();
  return {
    commit: commit.id().tostrS(),
    tree: commit.treeId().tostrS(),
    author: `${author.name()} <${author.email()}>`,
    date: new Date(commit.time() * 1_000),
    message: commit.message(),
  };
}

/** File modes of tree entries. */
function kindOf(mode: number): RawEntry['kind'] {
  if (mode === 0o40000) return 'tree';
  if (mode === 0o120000) return 'symlink';
  return mode === 0o160000 ? 'submodule' : 'blob';
}
