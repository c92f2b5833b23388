/** The command line of `bench render`. */
import { parseArgs } from 'node:util';

export interface RenderBenchOptions {
  /** Cold renders of each source; five times as many warm ones. */
  readonly renders: number;
  /** Exit with 1 when a goal is missed. */
  readonly check: boolean;
}

export const USAGE = `Usage: npm run bench -- render [--renders 100] [--check]
Renders sources of each kind through a repo-server and by the tools' own command lines, and prints one JSON line and a
table. --check exits with 1 when a goal is missed.`;

/** Undefined: the usage was asked for. Throws on a wrong argument. */
export function parseRenderOptions(argv: readonly string[]): RenderBenchOptions | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      renders: { type: 'string', default: '100' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const renders = Number(values.renders);
  if (!Number.isInteger(renders) || renders < 8) {
    throw new Error(`--renders ${values.renders}: give a whole number from 8\n${USAGE}`);
  }
  return { renders, check: values.check };
}
