/** How long a drift that comes back waits before it is healed again (D38). */

export interface SelfHealBackoff {
  /** Wait before the second heal in a row. */
  readonly timeoutMs: number;
  readonly factor: number;
  readonly capMs: number;
}

export const DEFAULT_SELF_HEAL_BACKOFF: SelfHealBackoff = { timeoutMs: 2_000, factor: 3, capMs: 300_000 };

/** The first heal is immediate; each further one in a row waits `timeout × factor^n`, at most `cap`. */
export function selfHealDelayMs(attempts: number, backoff: SelfHealBackoff): number {
  if (attempts <= 0) return 0;
  return Math.min(backoff.capMs, backoff.timeoutMs * backoff.factor ** (attempts - 1));
}
