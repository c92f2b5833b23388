/** Schemathesis, as bootstrap installed it: requests made from an OpenAPI document, many of them wrong on purpose. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { removeDirectory, temporaryDirectory } from './process.js';

export interface FuzzOptions {
  /** Of the OpenAPI document. */
  readonly schemaUrl: string;
  readonly token: string;
  readonly seconds: number;
  readonly seed: number;
  /** Regular expressions of paths that are left out. */
  readonly excludedPaths: readonly string[];
  readonly excludedOperations: readonly string[];
  /** Parameters by name: every second request has these. */
  readonly known: Readonly<Record<string, string>>;
}

export interface FuzzResult {
  /** True when no check failed. */
  readonly passed: boolean;
  /** Test cases: requests, and sequences of them. */
  readonly requests: number;
  /** Operations that were asked. */
  readonly operations: number;
  /** What it printed: each failure with a curl command. */
  readonly output: string;
}

const TOOLS = fileURLToPath(new URL('../../../tools/schemathesis/', import.meta.url));
const REQUEST_TIMEOUT_S = 40;

/** Throws when Schemathesis is not there; a failed check is a result. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const program = process.env['TIPHYS_SCHEMATHESIS'] ?? '';
  if (!existsSync(program)) {
    throw new Error('Schemathesis is not installed: "npm run bootstrap" does it; it needs python3 with venv, and PyPI');
  }
  const directory = temporaryDirectory('schemathesis');
  try {
    const { code, output } = await run(
      { program, cwd: directory, args: argumentsOf(options) },
      {
        ...{
          SCHEMATHESIS_HOOKS: `${TOOLS}hooks.py`,
          TIPHYS_FUZZ_KNOWN: JSON.stringify(options.known),
          PYTHONDONTWRITEBYTECODE: '1',
        },
        ...{ PATH: process.env['PATH'] ?? '', HOME: directory, NO_COLOR: '1', COLUMNS: '160' },
      },
    );
    return { passed: code === 0, output, ...countsOf(output) };
  } finally {
    removeDirectory(directory);
  }
}

function argumentsOf(options: FuzzOptions): readonly string[] {
  const { schemaUrl, token, seconds, seed, excludedPaths, excludedOperations } = options;
  return [
    ...['--config-file', `${TOOLS}schemathesis.toml`, 'run', schemaUrl, '--header', `Authorization: Bearer ${token}`],
    ...['--max-time', `${seconds}`, '--seed', `${seed}`, '--workers', '1', '--continue-on-failure', '--no-color'],
    ...['--request-timeout', `${REQUEST_TIMEOUT_S}`, '--generation-database', 'none', '--warnings', 'off'],
    ...['--suppress-health-check', 'all', '--no-shrink'],
    ...excludedPaths.flatMap((path) => ['--exclude-path-regex', path]),
    ...excludedOperations.flatMap((id) => ['--exclude-operation-id', id]),
  ];
}

interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** It leaves a folder with what failed. */
  readonly cwd: string;
}

function run({ program, args, cwd }: Command, env: Readonly<Record<string, string>>) {
  return new Promise<{ readonly code: number | null; readonly output: string }>((resolve, reject) => {
    const child = spawn(program, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => void chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => void chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString() }));
  });
}

/** From its summary. */
function countsOf(output: string): Pick<FuzzResult, 'requests' | 'operations'> {
  const [, requests = '0'] = /(\d+) generated/.exec(output) ?? [];
  const [, operations = '0'] = /Tested: (\d+)/.exec(output) ?? [];
  return { requests: Number(requests), operations: Number(operations) };
}
