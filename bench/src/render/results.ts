/** What `bench render` measures: the fields of its JSON line. */
import type { SourceName } from './sources.js';

/** So many renders one after the other, then as many four at a time. */
export interface Rate {
  readonly medianMs: number;
  readonly p95Ms: number;
  /** Processor time of everything that worked for it, for one render. */
  readonly cpuMs: number;
  readonly renders: number;
  /** Four at a time. */
  readonly perSecond: number;
}

export interface SourceResult {
  readonly name: SourceName;
  readonly what: string;
  readonly objects: number;
  /** The tool alone, started for each render in a checkout. */
  readonly commandLine: Rate | undefined;
  /** A request to the repo-server that has to render; the tools in renderers. */
  readonly cold: Rate;
  /** The same with a tool process for each render. */
  readonly coldByProcesses: Rate | undefined;
  /** A request whose answer is known. */
  readonly warm: Rate;
}

export interface RenderBenchResult {
  readonly node: string;
  readonly cores: number;
  readonly startedAt: string;
  readonly sources: readonly SourceResult[];
  /** By program, after the last source that it worked for: resident, and the most since its start. */
  readonly memoryMb: Readonly<Record<string, { readonly resident: number; readonly peak: number }>>;
}
