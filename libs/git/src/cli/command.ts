/** Running the git program and its helpers: a fixed environment, bounded output, ended with all its children when time is up. */
import { spawn } from 'node:child_process';
import { GitError } from '../errors.js';

export interface GitCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Of the repository, for messages. */
  readonly url: string;
  /** Standard error is wanted behind the standard output. */
  readonly withErrors?: boolean;
}

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_CHARACTERS = 8_000;

/** The environment of the service is not passed on. */
const BASE_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_PROTOCOL_FROM_USER: '0',
};

/** Standard output. Rejects with an Error that has git's own words, a GitError `timeout`, or the signal's reason. */
export function runGit(command: GitCommand): Promise<string> {
  return runTool('git', command);
}

/** Like {@link runGit}, for a program that git uses. */
export function runTool(program: string, command: GitCommand): Promise<string> {
  const { args, env, timeoutMs, signal, url } = command;
  return new Promise((resolve, reject) => {
    // A process group of its own, because git's helpers must end with it.
    const child = spawn(program, args, {
      env: { ...BASE_ENV, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const output: Buffer[] = [];
    let bytes = 0;
    let errors = '';
    let failure: Error | undefined;
    const end = (error: Error): void => {
      failure ??= error;
      if (child.pid !== undefined) killGroup(child.pid);
    };
    const abort = (): void => end(signal.reason as Error);
    const timer = setTimeout(() => end(timedOut(url, timeoutMs)), timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES) end(new Error('the answer is too long'));
      else output.push(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (errors.length < MAX_ERROR_CHARACTERS) errors += chunk.toString();
    });
    child.on('error', (error) => end(error));
    child.on('close', (code) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      if (failure !== undefined) reject(failure);
      else if (code === 0) resolve(Buffer.concat(output).toString() + (command.withErrors === true ? errors : ''));
      else reject(new Error(errors.trim() || `${program} ended with code ${code}`));
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as { code?: string }).code !== 'ESRCH') throw error;
  }
}

function timedOut(url: string, ms: number): GitError {
  const next = 'The host is slow or drops connections. It is retried with growing delays.';
  return new GitError('timeout', `The Git host did not answer within ${ms / 1_000} s for ${url}. ${next}`);
}
