/** Charts of Helm repositories and registries, opened as source trees: unpacked once, kept in memory by their digest. */
import {
  type ChartAccess,
  type ChartClient,
  type ChartQuestion,
  readChartArchive,
  type SourceTree,
} from '@tiphys/manifests';
import { createArchiveTrees } from './archive-trees.js';

export interface ChartTrees {
  /** `commit` of the tree is the chart's version. @throws GitOpsError for charts that are not there or exceed a limit (S12). */
  open(question: ChartQuestion, signal: AbortSignal): Promise<SourceTree>;
}

export function createChartTrees(client: ChartClient): ChartTrees {
  const trees = createArchiveTrees();
  return {
    open: async (question, signal) => {
      const { version, digest, bytes } = await client.fetch(question, { signal });
      return trees.open({ key: `${version} ${digest}`, version }, () =>
        readChartArchive(bytes, `${question.chart} ${version}`),
      );
    },
  };
}

/** What a render may fetch, without the client. */
export type ChartRights = Omit<ChartAccess, 'client'>;
