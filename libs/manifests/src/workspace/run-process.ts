/** One process in its own group: no inherited environment, limits on time, memory and output, and nothing left behind. */
import { type ChildProcess, spawn } from 'node:child_process';

export interface StartedProcess {
  /** Absolute path of the binary. */
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** All of the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Address space of the process; needs `prlimit`. */
  readonly addressSpace?: { readonly prlimit: string; readonly bytes: number };
  /** Seconds of processor time; needs `prlimit` as well. Ends a tool whose repo-server was killed and watches it no more (R9). */
  readonly processorSeconds?: number;
}

export interface ProcessRequest extends StartedProcess {
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs: number;
  /** After the time is over, until it is killed: it is asked to end first. Default 0: it is killed at once. */
  readonly graceMs?: number;
  /** Of stdout; stderr is cut at 1 MiB without an error. */
  readonly maxOutputBytes: number;
  readonly signal: AbortSignal;
}

export type ProcessEnd =
  | { readonly kind: 'exited'; readonly code: number }
  /** By a signal that was not ours, for example for want of memory. */
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'tooMuchOutput' }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'notStarted'; readonly error: Error };

export interface ProcessResult {
  readonly end: ProcessEnd;
  readonly stdout: string;
  readonly stderr: string;
}

const MAX_STDERR_BYTES = 1024 * 1024;

/** Never throws: how it ended is part of the result. All processes of the group are dead when it resolves. */
export function runProcess(request: ProcessRequest): Promise<ProcessResult> {
  if (request.signal.aborted) return Promise.resolve({ end: { kind: 'aborted' }, stdout: '', stderr: '' });
  const child = startProcess(request, request.stdin === undefined ? 'ignore' : 'pipe');
  // A tool that ends without reading its input is no failure of ours.
  child.stdin?.on('error', () => undefined);
  if (request.stdin !== undefined) child.stdin?.end(request.stdin);
  const stdout = collect(child.stdout, request.maxOutputBytes, () => stop({ kind: 'tooMuchOutput' }));
  const stderr = collect(child.stderr, MAX_STDERR_BYTES);
  let stopped: ProcessEnd | undefined;
  const stop = (end: ProcessEnd): void => {
    stopped ??= end;
    killGroup(child);
  };
  let timer = setTimeout(() => {
    if (request.graceMs === undefined) return stop({ kind: 'timeout' });
    stopped ??= { kind: 'timeout' };
    killGroup(child, 'SIGTERM');
    timer = setTimeout(() => stop({ kind: 'timeout' }), request.graceMs);
  }, request.timeoutMs);
  const onAbort = (): void => stop({ kind: 'aborted' });
  request.signal.addEventListener('abort', onAbort, { once: true });
  return new Promise((resolve) => {
    const finish = (end: ProcessEnd): void => {
      clearTimeout(timer);
      request.signal.removeEventListener('abort', onAbort);
      resolve({ end: stopped ?? end, stdout: stdout.text(), stderr: stderr.text() });
    };
    child.once('error', (error) => finish({ kind: 'notStarted', error }));
    // A child of the tool that outlives it would hold the pipes open.
    child.once('exit', () => killGroup(child));
    child.once('close', (code, signal) =>
      finish(code === null ? { kind: 'killed', signal: signal ?? 'unknown' } : { kind: 'exited', code }),
    );
  });
}

/** In a group of its own, with pipes for what it writes. */
export function startProcess(process: StartedProcess, stdin: 'pipe' | 'ignore'): ChildProcess {
  const { command, args, cwd, env, addressSpace, processorSeconds } = process;
  const time = processorSeconds === undefined ? [] : [`--cpu=${processorSeconds}`];
  const limited: readonly [string, readonly string[]] =
    addressSpace === undefined
      ? [command, args]
      : [addressSpace.prlimit, [`--as=${addressSpace.bytes}`, '--core=0', ...time, '--', command, ...args]];
  return spawn(limited[0], [...limited[1]], { cwd, env: { ...env }, detached: true, stdio: [stdin, 'pipe', 'pipe'] });
}

interface Collected {
  text(): string;
}

function collect(stream: ChildProcess['stdout'], maxBytes: number, onTooMuch?: () => void): Collected {
  const chunks: Buffer[] = [];
  let left = maxBytes;
  stream?.on('data', (chunk: Buffer) => {
    if (left >= chunk.length) chunks.push(chunk);
    else onTooMuch?.();
    left -= chunk.length;
  });
  return { text: () => Buffer.concat(chunks).toString('utf8') };
}

/** The process and everything it started; detached processes are leaders of their group. */
export function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // Gone already, or its number is somebody else's by now.
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
