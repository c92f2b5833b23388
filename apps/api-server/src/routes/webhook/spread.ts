/** When the refreshes of one event begin: urgent ones at once, the others behind them, many of them spread (J07). Pure. */
import type { Enqueue } from '@tiphys/queue';

export interface SpreadOptions {
  readonly jitterMs: number;
  readonly jitterThreshold: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

export interface Batch {
  readonly entries: readonly Enqueue[];
  /** 0: now. */
  readonly afterMs: number;
}

/** Enough for a fetch, a render and an apply. */
const HOLD_BACK_MS = 1_000;
/** One entry in Redis for each, instead of one for each application. */
const SLOTS = 20;
const MAX_BATCH = 500;

/**
 * Applications whose files the push names go first and alone; the others only learn the new commit, and would compete
 * with them for the Git host, the repo-server and the cluster. Without names nobody is held back. With a jitter, and as
 * many applications as its threshold, each begins at a random moment of that time.
 */
export function batchesOf(entries: readonly Enqueue[], options: SpreadOptions): readonly Batch[] {
  const urgent = entries.filter(({ priority }) => priority === 'webhook');
  const others = entries.filter(({ priority }) => priority !== 'webhook');
  const jitterMs = entries.length >= options.jitterThreshold ? options.jitterMs : 0;
  const spread = (batch: readonly Enqueue[], fromMs: number): readonly Batch[] =>
    jitterMs === 0
      ? [{ entries: batch, afterMs: fromMs }]
      : slotsOf(batch, { fromMs, jitterMs, random: options.random });
  const batches = [...spread(urgent, 0), ...spread(others, urgent.length === 0 ? 0 : HOLD_BACK_MS)];
  return batches.flatMap(chunksOf).filter((batch) => batch.entries.length > 0);
}

interface Slots {
  readonly fromMs: number;
  readonly jitterMs: number;
  readonly random: () => number;
}

function slotsOf(entries: readonly Enqueue[], { fromMs, jitterMs, random }: Slots): readonly Batch[] {
  const slots = Array.from({ length: SLOTS }, (): Enqueue[] => []);
  for (const entry of entries) slots[Math.floor(random() * SLOTS)]?.push(entry);
  return slots.map((slot, index) => ({ entries: slot, afterMs: fromMs + Math.round((index * jitterMs) / SLOTS) }));
}

function chunksOf({ entries, afterMs }: Batch): readonly Batch[] {
  const count = Math.ceil(entries.length / MAX_BATCH);
  return Array.from({ length: count }, (_, index) => ({
    entries: entries.slice(index * MAX_BATCH, (index + 1) * MAX_BATCH),
    afterMs,
  }));
}
