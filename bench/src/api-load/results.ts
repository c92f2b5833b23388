/** What `bench api` measures: the fields of its JSON line. */

/** One kind of load, by all clients at once. */
export interface PhaseResult {
  readonly name: string;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  readonly perSecond: number;
  /** Of the largest answer, as it came over the wire (gzip). */
  readonly bytes: number;
  /** Processor time of the api-server for one request. */
  readonly cpuMs: number;
  /** Resident after the phase. */
  readonly rssMb: number;
}

export interface ApiBenchResult {
  readonly applications: number;
  readonly clients: number;
  readonly node: string;
  readonly cores: number;
  readonly startedAt: string;
  readonly phases: readonly PhaseResult[];
  /** The slowest first page of its kind: nothing of it was known. */
  readonly coldPageMs: number;
  /** A page of 50 with counts, without compression. */
  readonly plainPageBytes: number;
  /** The list of all, without compression. */
  readonly wholeListBytes: number;
  /** What the api-server held with streams open whose clients never read, while applications changed. */
  readonly unreadStreams: { readonly count: number; readonly rssBeforeMb: number; readonly rssAfterMb: number };
  readonly peakRssMb: number;
}
