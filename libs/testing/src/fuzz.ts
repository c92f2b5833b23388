/** Fuzzing that can be repeated: a seed that is printed, and more cases than usual by `FUZZ_CASES`. */

/** What one run of a fuzz test does. */
export interface FuzzPlan {
  readonly cases: number;
  readonly random: Random;
  /** How to repeat exactly this run: for the message of a failure. */
  readonly hint: string;
}

/** Uniform choices that depend on the seed only. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** In [0, below). */
  below(below: number): number;
  pick<T>(values: readonly T[]): T;
}

/** `FUZZ_CASES` instead of `cases`, `FUZZ_SEED` instead of a seed of the moment. */
export function fuzzPlan(name: string, cases: number): FuzzPlan {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
  const wanted = Number(process.env['FUZZ_CASES'] ?? cases);
  const hint = `FUZZ_SEED=${seed} FUZZ_CASES=${wanted}`;
  process.stdout.write(`fuzz ${name}: ${hint}\n`);
  return { cases: wanted, random: createRandom(seed), hint };
}

/** Mulberry32: small, fast, and the same everywhere. */
export function createRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    next,
    below,
    pick: <T>(values: readonly T[]): T => {
      if (values.length === 0) throw new RangeError('there is nothing to pick from');
      return values[below(values.length)] as T;
    },
  };
}
