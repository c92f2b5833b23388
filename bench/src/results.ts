/** What a run measures: the fields of the JSON line. Seconds, milliseconds and bytes are in the names. */

/** Requests that change something, as the API server's audit log counted them: `patch applications/status` to number. */
export type WriteCounts = Readonly<Record<string, number>>;

export interface SyncResult {
  /** From the first create request until every Application is Synced and Healthy and every object exists. */
  readonly seconds: number;
  /** By program, over the same time; `services` is the sum of our three. */
  readonly cpuSeconds: Readonly<Record<string, number>>;
  readonly writes: WriteCounts;
  readonly gitFetches: number;
  readonly gitListings: number;
}

export interface IdleResult {
  readonly seconds: number;
  /** Percent of one core. */
  readonly cpuPercent: Readonly<Record<string, number>>;
  readonly writes: WriteCounts;
  readonly gitFetches: number;
  readonly gitListings: number;
}

export interface Series {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly runs: number;
}

export interface PushResult extends Series {
  /** Over all runs together. */
  readonly gitFetches: number;
  readonly gitListings: number;
  readonly cpuSeconds: Readonly<Record<string, number>>;
  /** Writes to anything but the pushed applications and their objects (events left out). */
  readonly foreignWrites: WriteCounts;
}

export interface ListResult extends Series {
  readonly bytes: number;
}

export interface BenchResult {
  readonly applications: number;
  readonly objects: number;
  readonly node: string;
  readonly cores: number;
  readonly startedAt: string;
  readonly sync: SyncResult;
  readonly idle: IdleResult;
  readonly push: PushResult;
  readonly heal: Series;
  readonly list: ListResult;
  /** At the end of the run, since the start of each process. */
  readonly peakRssMb: Readonly<Record<string, number>>;
}
