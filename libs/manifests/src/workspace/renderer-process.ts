/** A renderer: the code of a tool in a process that lives for many renders, one at a time (tools/local-cluster/renderer). */
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { z } from 'zod';
import { encodeFrame, type FrameReader, readFrames } from './frames.js';
import { killGroup, type ProcessEnd, type ProcessResult, type StartedProcess, startProcess } from './run-process.js';

export interface RendererStart extends StartedProcess {
  /** The process says its name and version within this time. */
  readonly startTimeoutMs: number;
}

export interface RenderCall {
  readonly args: readonly string[];
  /** Folder to run in. */
  readonly cwd: string;
  /** Folder that holds everything that this render may read and write. */
  readonly base: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
  readonly signal: AbortSignal;
}

export type RenderAnswer =
  /** What the command line would have given, or the limit that ended it. */
  | { readonly kind: 'result'; readonly result: ProcessResult }
  /** Arguments that are left to the command line. */
  | { readonly kind: 'unsupported' }
  /** The process died; its trace. */
  | { readonly kind: 'crashed'; readonly trace: string };

export interface Renderer {
  readonly tool: string;
  readonly version: string;
  /** What the kernel enforces: `files`, `network`. */
  readonly sealed: readonly string[];
  readonly pid: number;
  /** Renders so far. */
  readonly renders: number;
  /** Another render may be asked for. */
  readonly usable: boolean;
  render(call: RenderCall): Promise<RenderAnswer>;
  /** With everything that it started; at once. */
  kill(): void;
}

const PROTOCOL = 1;
const MAX_HEADER_BYTES = 64 * 1024;
const MAX_STDERR_BYTES = 2 * 1024 * 1024;
const MAX_TRACE_BYTES = 64 * 1024;

const HelloSchema = z.object({
  protocol: z.literal(PROTOCOL),
  tool: z.string(),
  version: z.string(),
  sealed: z.array(z.string()),
});
const HeaderSchema = z.object({
  outcome: z.enum(['done', 'tooMuchOutput', 'unsupported']),
  code: z.number().int(),
  last: z.boolean(),
});

/** Undefined when it does not start, or speaks another protocol. */
export async function startRenderer(start: RendererStart): Promise<Renderer | undefined> {
  const child = startProcess(start, 'pipe');
  // It did not start, or is gone: the end of its output says the same.
  child.on('error', () => undefined);
  child.stdin?.on('error', () => undefined);
  const process: Process = { child, frames: readFrames(socketOf(child.stdout)), trace: traceOf(child) };
  const timer = setTimeout(() => killGroup(child), start.startTimeoutMs);
  try {
    const payload = await process.frames.next(MAX_HEADER_BYTES);
    const hello = HelloSchema.safeParse(payload === undefined ? undefined : JSON.parse(payload.toString('utf8')));
    if (hello.success && child.pid !== undefined) {
      const { tool, version, sealed } = hello.data;
      return rendererOf(process, { tool, version, sealed, pid: child.pid });
    }
  } catch {
    // Not what a renderer says.
  } finally {
    clearTimeout(timer);
  }
  killGroup(child);
  return undefined;
}

interface Process {
  readonly child: ChildProcess;
  readonly frames: FrameReader;
  readonly trace: () => string;
}

interface Greeting {
  readonly tool: string;
  readonly version: string;
  readonly sealed: readonly string[];
  readonly pid: number;
}

function rendererOf(process: Process, greeting: Greeting): Renderer {
  const { child } = process;
  let [renders, usable] = [0, true];
  child.once('exit', () => {
    usable = false;
  });
  const kill = (): void => {
    usable = false;
    // Once it is gone its number may be somebody else's.
    if (child.exitCode === null && child.signalCode === null) killGroup(child);
  };
  keepAlive(child, false);
  return {
    ...greeting,
    kill,
    get renders() {
      return renders;
    },
    get usable() {
      return usable;
    },
    render: async (call) => {
      keepAlive(child, true);
      try {
        const answer = await ask(process, call);
        renders += 1;
        if (answer.last) usable = false;
        else if (usable) keepAlive(child, false);
        return answer.answer;
      } catch (error) {
        kill();
        if (error instanceof Stopped) return { kind: 'result', result: { end: error.end, stdout: '', stderr: '' } };
        await closed(child);
        return { kind: 'crashed', trace: process.trace() };
      }
    },
  };
}

/** Why a render was ended by us. */
class Stopped extends Error {
  readonly end: ProcessEnd;

  constructor(end: ProcessEnd) {
    super(end.kind);
    this.end = end;
  }
}

interface Answered {
  readonly answer: RenderAnswer;
  readonly last: boolean;
}

/** @throws Stopped for a limit or the signal; any other error: the process died, or speaks nonsense. */
async function ask(process: Process, call: RenderCall): Promise<Answered> {
  const { args, cwd, base, env, maxOutputBytes } = call;
  const request = JSON.stringify({ args, folder: cwd, base, env, maxOutputBytes });
  process.child.stdin?.write(encodeFrame(request));
  const limits = stopWith(call);
  try {
    return await Promise.race([readAnswer(process.frames, maxOutputBytes), limits.stopped]);
  } finally {
    limits.clear();
  }
}

async function readAnswer(frames: FrameReader, maxOutputBytes: number): Promise<Answered> {
  const { outcome, code, last } = HeaderSchema.parse(JSON.parse(await textOf(frames, MAX_HEADER_BYTES)));
  const stdout = await textOf(frames, maxOutputBytes);
  const stderr = await textOf(frames, MAX_STDERR_BYTES);
  if (outcome === 'unsupported') return { answer: { kind: 'unsupported' }, last };
  const end: ProcessEnd = outcome === 'done' ? { kind: 'exited', code } : { kind: 'tooMuchOutput' };
  return { answer: { kind: 'result', result: { end, stdout, stderr } }, last };
}

async function textOf(frames: FrameReader, maxBytes: number): Promise<string> {
  const frame = await frames.next(maxBytes);
  if (frame === undefined) throw new Error('the renderer has ended');
  return frame.toString('utf8');
}

interface Limits {
  readonly stopped: Promise<never>;
  clear(): void;
}

function stopWith({ timeoutMs, signal }: RenderCall): Limits {
  let clear = (): void => undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(new Stopped({ kind: 'timeout' })), timeoutMs);
    const onAbort = (): void => reject(new Stopped({ kind: 'aborted' }));
    signal.addEventListener('abort', onAbort, { once: true });
    clear = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    if (signal.aborted) onAbort();
  });
  stopped.catch(() => undefined);
  return { stopped, clear };
}

function closed(child: ChildProcess): Promise<void> {
  if (child.stderr?.closed !== false) return Promise.resolve();
  return new Promise((resolve) => child.stderr?.once('close', () => resolve()));
}

/** What the runtime of the process says when it dies; the tool's own words come in the answer. */
function traceOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    if (text.length < MAX_TRACE_BYTES) text += chunk.toString('utf8');
  });
  return () => text;
}

/** An idle renderer must not keep this process from ending; it ends by itself then. */
function keepAlive(child: ChildProcess, busy: boolean): void {
  const handles = [child, socketOf(child.stdin), socketOf(child.stdout), socketOf(child.stderr)];
  for (const handle of handles) {
    if (busy) handle.ref();
    else handle.unref();
  }
}

/** Pipes to children are sockets, which their types do not tell. */
function socketOf(stream: ChildProcess['stdin' | 'stdout']): Socket {
  return stream as unknown as Socket;
}
