/** The audit log: takes entries at once, writes them behind the requests, in order, and says when it cannot. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock, Logger, Metrics } from '@tiphys/runtime';
import { CHAIN_START, type ChainState, chainLine } from './chain.js';
import type { AuditSink } from './ports.js';

export type AuditFields = Readonly<Record<string, unknown>>;

export interface AuditTrail {
  /** Never fails and never waits. */
  record(fields: AuditFields): void;
  /** `ok` is false while lines wait for a sink that fails; `message` says since when, and what was lost. */
  status(): { readonly ok: boolean; readonly message: string };
  /** Writes what waits, for at most a few seconds. */
  stop(): Promise<void>;
}

export interface AuditTrailDeps {
  readonly sink: AuditSink;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: AuditMetrics;
  /** Between attempts after a failure; default 1,000. */
  readonly retryMs?: number;
  /** Lines that wait for a failing sink; later ones are counted and lost. Default 10,000. */
  readonly maxWaiting?: number;
}

export interface AuditMetrics {
  written(lines: number): void;
  lost(): void;
  sinkUp(up: boolean): void;
}

export function createAuditMetrics(metrics: Metrics): AuditMetrics {
  const written = metrics.counter({ name: 'tiphys_audit_lines_total', help: 'Lines written to the audit log.' });
  const lost = metrics.counter({
    name: 'tiphys_audit_lines_lost_total',
    help: 'Lines of the audit log that were lost because it could not be written for too long.',
  });
  const up = metrics.gauge({ name: 'tiphys_audit_sink_up', help: '1 while the audit log can be written.' });
  up.set(1);
  return { written: (lines) => written.inc(lines), lost: () => lost.inc(), sinkUp: (is) => up.set(is ? 1 : 0) };
}

const BATCH = 500;
const STOP_MS = 5_000;

export function createAuditTrail(deps: AuditTrailDeps): AuditTrail {
  const { log, clock, metrics, retryMs = 1_000, maxWaiting = 10_000 } = deps;
  const lines = createLines(deps);
  const stopping = new AbortController();
  let failure: { readonly since: Date; readonly reason: string } | undefined;
  let running: Promise<void> | undefined;

  const failed = (error: unknown): void => {
    if (failure === undefined) log.error('the audit log cannot be written; requests go on without it', { error });
    failure ??= { since: clock.now(), reason: error instanceof Error ? error.message : String(error) };
    metrics.sinkUp(false);
  };
  const run = async (): Promise<void> => {
    while (lines.waiting() > 0) {
      try {
        metrics.written(await lines.writeSome());
        if (failure !== undefined) log.info('the audit log can be written again', { since: failure.since });
        failure = undefined;
        metrics.sinkUp(true);
      } catch (error) {
        failed(error);
        if (stopping.signal.aborted) return;
        await delay(retryMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  };
  const start = (): void => {
    running ??= run().finally(() => {
      running = undefined;
      if (lines.waiting() > 0 && !stopping.signal.aborted) start();
    });
  };
  return {
    record: (fields) => {
      if (!lines.add(fields, maxWaiting)) metrics.lost();
      start();
    },
    status: () => {
      if (failure === undefined) return { ok: true, message: 'written' };
      const counts = `${lines.waiting()} lines wait, ${lines.lost()} are lost`;
      return { ok: false, message: `not written since ${failure.since.toISOString()}: ${failure.reason}; ${counts}` };
    },
    stop: async () => {
      stopping.abort();
      start();
      await Promise.race([running, delay(STOP_MS, undefined, { ref: false })]);
      await deps.sink.close();
    },
  };
}

interface Lines {
  /** False: there is no room, and the line is lost. */
  add(fields: AuditFields, room: number): boolean;
  waiting(): number;
  lost(): number;
  /** Resolves with the number of lines written. Lines whose write failed keep their place in the chain, and go first. */
  writeSome(): Promise<number>;
}

/** What waits to be written. Lines are chained when they are about to be written: what was lost leaves no gap, but its number. */
function createLines({ sink, clock }: Pick<AuditTrailDeps, 'sink' | 'clock'>): Lines {
  const entries: AuditFields[] = [];
  let chained: readonly string[] = [];
  let chain: ChainState | undefined;
  let lost = 0;
  const chainSome = (from: ChainState): void => {
    const some = entries.splice(0, BATCH);
    if (lost > 0) some.unshift({ time: clock.now().toISOString(), operation: 'audit log', lost });
    lost = 0;
    let { sequence, hash } = from;
    chained = some.map((fields) => {
      const line = chainLine({ sequence, hash }, fields);
      ({ sequence, hash } = line);
      return line.text;
    });
    chain = { sequence, hash };
  };
  return {
    add: (fields, room) => {
      const fits = entries.length < room;
      if (fits) entries.push(fields);
      else lost += 1;
      return fits;
    },
    waiting: () => entries.length + chained.length,
    lost: () => lost,
    writeSome: async () => {
      chain ??= (await sink.open()) ?? { sequence: 0, hash: CHAIN_START };
      if (chained.length === 0) chainSome(chain);
      await sink.write(chained);
      const { length } = chained;
      chained = [];
      return length;
    },
  };
}
