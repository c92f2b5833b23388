/** Charts of Helm repositories and registries, opened as source trees: unpacked once, kept in memory by their digest. */
import {
  archiveTree,
  type ChartAccess,
  type ChartClient,
  type ChartQuestion,
  readChartArchive,
  type SourceTree,
} from '@tiphys/manifests';
import { createByteLru } from '../manifests/byte-lru.js';

export interface ChartTrees {
  /** `commit` of the tree is the chart's version. @throws GitOpsError for charts that are not there or exceed a limit (S12). */
  open(question: ChartQuestion, signal: AbortSignal): Promise<SourceTree>;
}

/** Bytes of unpacked charts. */
const MAX_BYTES = 32 * 1024 * 1024;

export function createChartTrees(client: ChartClient): ChartTrees {
  const trees = createByteLru<SourceTree>(MAX_BYTES);
  return {
    open: async (question, signal) => {
      const { version, digest, bytes } = await client.fetch(question, { signal });
      const key = `${version} ${digest}`;
      const known = trees.get(key);
      if (known !== undefined) return known;
      const files = await readChartArchive(bytes, `${question.chart} ${version}`);
      const tree = archiveTree(files, version);
      trees.set(
        key,
        tree,
        files.reduce((sum, file) => sum + file.bytes.length + file.path.length, 0),
      );
      return tree;
    },
  };
}

/** What a render may fetch, without the client. */
export type ChartRights = Omit<ChartAccess, 'client'>;
