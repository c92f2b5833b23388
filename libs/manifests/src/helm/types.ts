/** What the Helm renderer works with. */
import type { RenderRequest, SourceEntry } from '../ports.js';
import type { RecordedTree } from '../tree/recorded-tree.js';

export interface HelmPlanRequest extends RenderRequest {
  readonly recorded: RecordedTree;
  /** The chart's folder. */
  readonly folder: SourceEntry;
}

/** A file of a chart, by its path in the chart. */
export interface ChartFile {
  readonly path: string;
  /** Names the content: an object id or a digest. */
  readonly id: string;
  read(maxBytes: number): Promise<Uint8Array>;
}
