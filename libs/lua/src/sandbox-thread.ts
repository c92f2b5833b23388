/** One worker thread: runs one script at a time and is thrown away when a script goes over a limit. */
import { Worker } from 'node:worker_threads';
import { PRELUDE } from './prelude.js';

export interface SandboxLimits {
  /** Wall time of one script. */
  readonly timeMs: number;
  /** Of the Lua state, the object included. */
  readonly memoryMiB: number;
}

/** `answer`: JSON of the prelude's `run`. The other two say that the thread is gone. */
export type ThreadResult =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'crashed'; readonly message: string };

export interface SandboxThread {
  /** Not before the last run has ended. The time limit starts when the thread is up. */
  run(request: string): Promise<ThreadResult>;
  stop(): Promise<void>;
}

const PAGES_PER_MIB = 16;
/** In tests the sources run as they are. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

export function startSandboxThread({ timeMs, memoryMiB }: SandboxLimits): SandboxThread {
  const worker = new Worker(WORKER, {
    workerData: { prelude: PRELUDE, maxMemoryPages: memoryMiB * PAGES_PER_MIB },
    execArgv: [],
    env: {},
    stdin: false,
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16 },
  });
  let finish: (result: ThreadResult) => void = () => undefined;
  let gone: ThreadResult | undefined;
  const end = (message: string): void => {
    gone ??= { kind: 'crashed', message };
    finish(gone);
  };
  const ready = new Promise<void>((resolve) => {
    worker.once('message', () => resolve());
    worker.once('exit', () => resolve());
  });
  worker.on('error', (error: unknown) => end(error instanceof Error ? error.message : String(error)));
  worker.on('exit', () => end('the sandbox ended'));
  worker.on('message', (text: unknown) => {
    if (text !== 'ready') finish({ kind: 'answer', text: String(text) });
  });
  worker.unref();

  return {
    async run(request) {
      // While a script runs, its answer is waited for: the process must not end under it.
      worker.ref();
      await ready;
      if (gone !== undefined) return gone;
      let timer: NodeJS.Timeout | undefined;
      const result = await new Promise<ThreadResult>((resolve) => {
        finish = resolve;
        timer = setTimeout(() => resolve({ kind: 'timeout' }), timeMs);
        worker.postMessage(request);
      });
      clearTimeout(timer);
      worker.unref();
      if (result.kind === 'timeout') await worker.terminate();
      return result;
    },
    stop: async () => void (await worker.terminate()),
  };
}
