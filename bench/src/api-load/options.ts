/** The command line of `bench api`. */
import { parseArgs } from 'node:util';

export interface ApiBenchOptions {
  readonly applications: number;
  readonly clients: number;
  /** Of each client in each phase. */
  readonly requests: number;
  /** Exit with 1 when a goal is missed. */
  readonly check: boolean;
}

export const USAGE = `Usage: npm run bench -- api [--apps 10000] [--clients 200] [--requests 20] [--check]
Creates Applications without a controller, asks a built api-server for pages of them from many clients at once, and prints one
JSON line and a table. --check exits with 1 when a goal is missed.`;

/** Undefined: the usage was asked for. Throws on a wrong argument. */
export function parseApiOptions(argv: readonly string[]): ApiBenchOptions | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      apps: { type: 'string', default: '10000' },
      clients: { type: 'string', default: '200' },
      requests: { type: 'string', default: '20' },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    applications: count('apps', values.apps, 100_000),
    clients: count('clients', values.clients, 1_000),
    requests: count('requests', values.requests, 1_000),
    check: values.check,
  };
}

function count(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new Error(`--${name} ${text}: give a whole number from 1 to ${most}\n${USAGE}`);
  }
  return value;
}
