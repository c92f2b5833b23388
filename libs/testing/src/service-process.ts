/** One of our built services (`apps/<name>/dist/main.js`) as a process of this one. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { eventually } from './eventually.js';
import { type ManagedProcess, startProcess } from './process.js';

export type ServiceName = 'api-server' | 'repo-server' | 'application-controller';

export interface ServiceOptions {
  readonly name: ServiceName;
  /** Where its output goes, to `<name>.log`. */
  readonly directory: string;
  /** Beside PATH, HOME and TMPDIR, all that it sees. */
  readonly env: Readonly<Record<string, string>>;
  /** Its operations server. */
  readonly opsUrl: string;
}

export interface ServiceProcess {
  readonly name: ServiceName;
  /** Of the current process: changes with start(). */
  readonly pid: number;
  readonly opsUrl: string;
  readonly logFile: string;
  isRunning(): boolean;
  /** Resolves when `/readyz` answers 200; rejects when the process ends or 60 s pass. */
  ready(): Promise<void>;
  /** SIGTERM, and SIGKILL after ten seconds; resolves with how it ended. */
  stop(): Promise<string>;
  /** SIGKILL: nothing is put in order. */
  kill(): Promise<void>;
  /** Starts it again after stop() or kill(), and waits until it is ready. */
  start(): Promise<void>;
  logTail(lines?: number): string;
}

const APPS = fileURLToPath(new URL('../../../apps', import.meta.url));
const STOP_MS = 10_000;
/** Bounds of the heap in MB, as the chart sets them (libs/runtime/README.md). */
const HEAP = { 'api-server': 192, 'repo-server': 192, 'application-controller': 384 } as const;

/** Throws with what to do when the service has not been built. */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const { name, opsUrl } = options;
  const logFile = join(options.directory, `${name}.log`);
  let current = await launch(options, logFile);
  const ready = () => whenReady(current, options);
  return {
    ...{ name, opsUrl, logFile, ready },
    get pid() {
      return current.pid;
    },
    isRunning: () => current.isRunning(),
    stop: async () => {
      const stopped = current.kill('SIGTERM').then(() => true);
      if (!(await Promise.race([stopped, delay(STOP_MS, false, { ref: false })]))) {
        await current.kill();
      }
      return current.exited;
    },
    kill: () => current.kill(),
    start: async () => {
      current = await launch(options, logFile);
      await ready();
    },
    logTail: (lines) => current.logTail(lines),
  };
}

function launch(options: ServiceOptions, logFile: string): Promise<ManagedProcess> {
  const main = join(APPS, options.name, 'dist', 'main.js');
  if (!existsSync(main)) {
    throw new Error(`${options.name} has not been built; run "npm run build" first`);
  }
  const { PATH = '', HOME = '', TMPDIR = '/tmp' } = process.env;
  return startProcess({
    command: process.execPath,
    args: [`--max-old-space-size=${HEAP[options.name]}`, '--max-semi-space-size=4', main],
    // Git hosts, registries and clusters of tests are on this machine (S26).
    env: { PATH, HOME, TMPDIR, TIPHYS_ALLOW_LOOPBACK: 'true', ...options.env },
    logFile,
  });
}

async function whenReady(program: ManagedProcess, { name, opsUrl }: ServiceOptions): Promise<void> {
  const ask = async () => {
    const answer = await request(`${opsUrl}/readyz`);
    const text = await answer.body.text();
    if (answer.statusCode !== 200) {
      throw new Error(`${answer.statusCode} ${text.trim()}`);
    }
    // Somebody else may answer at its port.
    if (!program.isRunning()) throw new Error(`${name} has ended`);
  };
  const ended = program.exited.then((how) => {
    throw new Error(`${name} ended (${how})\n${program.logTail()}`);
  });
  ended.catch(() => undefined); // it ends one day, also after it was ready
  await Promise.race([eventually(ask, { description: `${name} is ready`, timeoutMs: 60_000, intervalMs: 50 }), ended]);
}
