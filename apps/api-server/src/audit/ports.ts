/** Where lines of the audit log go. */
import type { ChainState } from './chain.js';

export interface AuditSink {
  /** The last line that is there already: the chain goes on from it. Undefined: a new chain begins. */
  open(): Promise<ChainState | undefined>;
  /** Whole lines, without line ends. Resolves when they are kept; the same lines are given again after a failure. */
  write(lines: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
