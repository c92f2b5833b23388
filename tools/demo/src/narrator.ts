/** Prints the story: one line a step, with the seconds it took; a step that fails or takes too long ends the story. */

/** The longest a step may take. */
const STEP_LIMIT_MS = 60_000;

export interface Narrator {
  /** Runs one step and prints its line; `note` of the result is printed below it. @throws when it fails or takes more than 60 s. */
  step<T>(title: string, run: () => Promise<T>): Promise<T>;
  say(line: string): void;
}

export function createNarrator(write: (text: string) => void): Narrator {
  return {
    say: (line) => write(`${line}\n`),
    async step(title, run) {
      const startedAt = performance.now();
      try {
        const result = await within(STEP_LIMIT_MS, title, run());
        write(`  ✓ ${title.padEnd(74)} ${seconds(startedAt)}\n`);
        if (hasNote(result)) write(`      ${result.note}\n`);
        return result;
      } catch (error) {
        write(`  ✗ ${title.padEnd(74)} ${seconds(startedAt)}\n`);
        throw error;
      }
    },
  };
}

function seconds(startedAt: number): string {
  return `${((performance.now() - startedAt) / 1_000).toFixed(2).padStart(6)} s`;
}

async function within<T>(limitMs: number, title: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`"${title}" took more than ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function hasNote(result: unknown): result is { readonly note: string } {
  return typeof result === 'object' && result !== null && 'note' in result && typeof result.note === 'string';
}
