/** Child processes that cannot outlive us: killed by `kill()`, when this process exits, and when it is killed itself. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export { freePort } from './free-port.js';

/** How to start a process. */
export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** stdout and stderr are appended to this file. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

/** A running child process in a process group of its own. */
export interface ManagedProcess {
  readonly pid: number;
  /** Resolves with a description such as `exit 1` or `signal SIGKILL` once it has ended; never rejects. */
  readonly exited: Promise<string>;
  /** True until the process has ended. */
  isRunning(): boolean;
  /** The last lines that the process wrote. */
  logTail(lines?: number): string;
  /** Kills the whole process group at once (no draining) and waits for its end. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** setpriv makes the kernel kill the child when we die, even by SIGKILL. Linux only; elsewhere exit hooks must do. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
const liveGroups = new Set<number>();
const temporaryDirectories = new Set<string>();
let hooked = false;

/** Starts a process; it does not keep the event loop alive. Throws when the command cannot be started. */
export async function startProcess(options: ProcessOptions): Promise<ManagedProcess> {
  cleanUpOnExit();
  const wrapped = SETPRIV === undefined ? [] : [SETPRIV, '--pdeathsig', 'KILL'];
  const [command, ...args] = [...wrapped, options.command, ...options.args] as [string, ...string[]];
  const log = openSync(options.logFile, 'a');
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  let running = true;
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      running = false;
      // Grandchildren may still be there, so the group is killed, not forgotten.
      killGroup(child.pid, 'SIGKILL');
      resolve(signal === null ? `exit ${code}` : `signal ${signal}`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid as number;
  liveGroups.add(pid);
  child.unref();
  return {
    pid,
    exited,
    isRunning: () => running,
    logTail: (lines = 20) => tailOf(options.logFile, lines),
    kill: async (signal = 'SIGKILL') => {
      if (running) {
        killGroup(pid, signal);
        child.ref();
        await exited;
      }
    },
  };
}

/** A new temporary directory that is removed when this process exits, or by removeDirectory. */
export function temporaryDirectory(prefix: string): string {
  cleanUpOnExit();
  const directory = mkdtempSync(join(tmpdir(), `tiphys-${prefix}-`));
  temporaryDirectories.add(directory);
  return directory;
}

/** Removes a directory made by temporaryDirectory. */
export function removeDirectory(directory: string): void {
  temporaryDirectories.delete(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

function tailOf(file: string, lines: number): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '';
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) {
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') {
      throw error;
    }
  }
  if (signal === 'SIGKILL') {
    liveGroups.delete(pid);
  }
}

function cleanUpOnExit(): void {
  if (hooked) {
    return;
  }
  hooked = true;
  process.on('exit', () => {
    for (const pid of liveGroups) {
      killGroup(pid, 'SIGKILL');
    }
    for (const directory of temporaryDirectories) {
      rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
    }
  });
  if (SETPRIV === undefined) {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => process.exit(130));
    }
  }
}
