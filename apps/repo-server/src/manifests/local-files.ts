/** Files that somebody sent, as a source tree: an archive within the limits of all archives, and nothing is fetched for it (S12). */
import { createHash } from 'node:crypto';
import type { ResolvedRevision } from '@tiphys/git';
import { indexArchive, indexedTree, type Plugins, readArtifactArchive } from '@tiphys/manifests';
import { GitOpsError } from '@tiphys/model';
import type { OpenedSource } from './open-source.js';

export interface LocalFilesPlace {
  readonly kind: 'files';
  /** A gzipped tar archive; its root is that of a repository. */
  readonly archive: Uint8Array;
  /** SHA-256, hex, as its sender says. */
  readonly checksum: string;
  /** Of the unpacked files. */
  readonly maxBytes: number;
}

/** What stands for the commit, as in Argo CD. */
const REVISION = 'streamed';
const MAX_ENTRIES = 20_000;

/** @throws GitOpsError InvalidSpec for another archive than was meant, ManifestGeneration for one that cannot be unpacked. */
export async function openLocalFiles({ archive, checksum, maxBytes }: LocalFilesPlace): Promise<OpenedSource> {
  if (createHash('sha256').update(archive).digest('hex') !== checksum.toLowerCase()) {
    throw new GitOpsError('InvalidSpec', 'The archive does not have the SHA-256 that was sent with it. Send it again.');
  }
  const files = await readArtifactArchive({
    ...{ bytes: archive, isCompressed: true, limits: { maxBytes, maxEntries: MAX_ENTRIES } },
    ...{ what: 'the files that were sent', next: 'Send a gzipped tar archive of the folder.' },
  });
  const { index, contents } = indexArchive(files);
  const resolved: ResolvedRevision = { commit: REVISION, ref: undefined };
  return { resolved, tree: indexedTree(index, REVISION, () => Promise.resolve(contents)) };
}

/** A plugin would run what the files say: that is for what is in a repository. */
export function withoutPlugins({ settings }: Plugins): Plugins {
  return {
    settings,
    names: async () => [],
    named: async (name) => {
      throw new GitOpsError(
        'ManifestGeneration',
        `The plugin ${name} is not run on files that were sent. Push them to Git.`,
      );
    },
    discovering: async () => [],
  };
}
