/** What an expression may cost (S7): steps, and the size of what it makes. Counted, so that the same input always ends the same. */

/** An expression that took too long, nested too deep or made too much. */
export class JqLimitError extends Error {
  override readonly name = 'JqLimitError';
}

/** An error of the expression itself on this input: an index into a number, `error(…)`. `value` is what `catch` sees. */
export class JqError extends Error {
  override readonly name = 'JqError';
  readonly value: unknown;
  constructor(message: string, value: unknown = message) {
    super(message);
    this.value = value;
  }
}

export interface Budget {
  /** @throws JqLimitError when nothing is left. */
  spend(steps: number): void;
  readonly spent: number;
}

export function createBudget(limit: number): Budget {
  let spent = 0;
  return {
    spend(steps) {
      spent += steps;
      if (spent > limit) throw new JqLimitError(`it takes more than ${limit} steps`);
    },
    get spent() {
      return spent;
    },
  };
}

/** Characters that cost as much as one step. */
export const TEXT_PER_STEP = 16;
