/** The command line of the benchmark. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly applications: number;
  readonly idleSeconds: number;
  readonly pushes: number;
  readonly heals: number;
  readonly lists: number;
  /** Exit with 1 when a goal of the issue is missed. */
  readonly check: boolean;
}

export const USAGE = `Usage: npm run bench -- [--apps 500] [--idle-seconds 60] [--pushes 5] [--heals 10] [--lists 20] [--check]
Starts a control plane, Redis, a Git server and the three services on this machine, measures, and prints one JSON line and
a table. --check exits with 1 when a goal is missed.`;

/** Undefined: the usage was asked for. Throws on a wrong argument. */
export function parseOptions(argv: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      apps: { type: 'string', default: '500' },
      'idle-seconds': { type: 'string', default: '60' },
      pushes: { type: 'string', default: '5' },
      heals: { type: 'string', default: '10' },
      lists: { type: 'string', default: '20' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    applications: count('apps', values.apps),
    idleSeconds: count('idle-seconds', values['idle-seconds']),
    pushes: count('pushes', values.pushes),
    heals: count('heals', values.heals),
    lists: count('lists', values.lists),
    check: values.check,
  };
}

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${text}: give a whole number from 1\n${USAGE}`);
  return value;
}
