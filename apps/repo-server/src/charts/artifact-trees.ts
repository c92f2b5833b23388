/** Folders of files in registries, opened as source trees (B27): a chart's layer is the chart, any other the folder that was pushed. */
import {
  type ArchiveFile,
  type Artifact,
  type ArtifactClient,
  type PinnedArtifact,
  readArtifactArchive,
  readChartArchive,
  type SourceTree,
} from '@tiphys/manifests';
import { createArchiveTrees } from './archive-trees.js';

export interface ArtifactLimits {
  /** Media types of the layer with the files (B28). */
  readonly allowed: readonly string[];
  /** Of the unpacked files. */
  readonly maxBytes: number;
}

export interface ArtifactTrees {
  /** `commit` of the tree is the digest. @throws GitOpsError for what is not there, not permitted, or exceeds a limit (S12). */
  open(pinned: PinnedArtifact, limits: ArtifactLimits, signal: AbortSignal): Promise<SourceTree>;
}

const MAX_ENTRIES = 20_000;
const CHART = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';

export function createArtifactTrees(client: ArtifactClient): ArtifactTrees {
  const trees = createArchiveTrees();
  return {
    open: async (pinned, limits, signal) => {
      const artifact = await client.fetch(pinned, limits, signal);
      const key = JSON.stringify([artifact.digest, artifact.mediaType, limits.maxBytes]);
      return trees.open({ key, version: pinned.digest }, () => unpack(artifact, pinned, limits));
    },
  };
}

function unpack(
  { mediaType, bytes }: Artifact,
  { repository, digest }: PinnedArtifact,
  { maxBytes }: ArtifactLimits,
): Promise<readonly ArchiveFile[]> {
  const limits = { maxBytes, maxEntries: MAX_ENTRIES };
  const what = `${repository.url} ${digest.slice(0, 19)}`;
  if (mediaType === CHART) return readChartArchive(bytes, what, limits);
  return readArtifactArchive({ bytes, isCompressed: mediaType.endsWith('gzip'), what, limits });
}
