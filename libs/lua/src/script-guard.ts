/** Which scripts are switched off for a while because they went over a limit again and again (S7). */

export interface ScriptGuardOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Called once per script, when it is switched off for the first time. */
  readonly onDisabled: (script: string, message: string) => void;
}

/** Scripts by their text: a corrected script is a new one. */
export interface ScriptGuard {
  /** Why the script is not run now; undefined: run it. */
  refusal(script: string): string | undefined;
  succeeded(script: string): void;
  wentOver(script: string, message: string): void;
}

interface Record {
  readonly strikes: number;
  readonly message: string;
  readonly until: number;
}

/** One slow evaluation may be the machine's fault; the second in a row is the script's. */
const ALLOWED_STRIKES = 1;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 300_000;

export function createScriptGuard({ now, onDisabled }: ScriptGuardOptions): ScriptGuard {
  const records = new Map<string, Record>();
  return {
    refusal(script) {
      const record = records.get(script);
      if (record === undefined || now() >= record.until) return undefined;
      const seconds = Math.ceil((record.until - now()) / 1000);
      return `${record.message}; the script is switched off and tried again in ${seconds} s`;
    },
    succeeded: (script) => void records.delete(script),
    wentOver(script, message) {
      const strikes = (records.get(script)?.strikes ?? 0) + 1;
      const over = strikes - ALLOWED_STRIKES;
      const pause = over <= 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (over - 1), LONGEST_PAUSE_MS);
      records.set(script, { strikes, message, until: now() + pause });
      if (over === 1) onDisabled(script, message);
    },
  };
}
