/**
 * The Lua runtime: a few threads, started when first needed. A script that goes over a limit ends with its thread, a
 * script that keeps doing so is switched off for a while, and one script never holds more than one thread (S7).
 */
import type { Logger } from '@tiphys/runtime';
import { decodeAnswer, encodeRequest } from './codec.js';
import type { LuaFailure, LuaOutcome, LuaRequest, LuaRuntime } from './ports.js';
import { type SandboxLimits, type SandboxThread, startSandboxThread, type ThreadResult } from './sandbox-thread.js';
import { createScriptGuard } from './script-guard.js';

export interface LuaRuntimeOptions {
  readonly log: Logger;
  /** Argo CD's limit is a second; the rest of it is for the thread to end. */
  readonly timeMs?: number;
  readonly memoryMiB?: number;
  readonly threads?: number;
}

interface Waiting {
  readonly request: LuaRequest;
  readonly resolve: (outcome: LuaOutcome) => void;
}

const STOPPED: LuaFailure = { ok: false, reason: 'crashed', message: 'the process is stopping' };

export function createLuaRuntime(options: LuaRuntimeOptions): LuaRuntime {
  const { log, timeMs = 900, memoryMiB = 64, threads = 2 } = options;
  const limits: SandboxLimits = { timeMs, memoryMiB };
  const names = new Map<string, string>();
  const guard = createScriptGuard({
    now: () => performance.now(),
    onDisabled: (script, problem) =>
      log.warn('a Lua script is switched off for a while', { script: names.get(script) ?? '', problem }),
  });
  const queue: Waiting[] = [];
  const idle: SandboxThread[] = [];
  const busy = new Map<string, SandboxThread>();
  let stopped = false;

  function next(): void {
    while (busy.size < threads) {
      const index = queue.findIndex(({ request }) => !busy.has(request.script));
      const [waiting] = index < 0 ? [] : queue.splice(index, 1);
      if (waiting === undefined) return;
      const refusal = guard.refusal(waiting.request.script);
      if (refusal === undefined) void start(waiting);
      else waiting.resolve({ ok: false, reason: 'disabled', message: refusal });
    }
  }

  async function start({ request, resolve }: Waiting): Promise<void> {
    const thread = idle.pop() ?? startSandboxThread(limits);
    busy.set(request.script, thread);
    const outcome = outcomeOf(await thread.run(encodeRequest(request)), timeMs);
    busy.delete(request.script);
    if (isOver(outcome)) {
      names.set(request.script, request.name);
      guard.wentOver(request.script, outcome.message);
      names.delete(request.script);
      await thread.stop();
    } else {
      guard.succeeded(request.script);
      idle.push(thread);
    }
    resolve(outcome);
    next();
  }

  return {
    evaluate(request) {
      if (stopped) return Promise.resolve(STOPPED);
      return new Promise((resolve) => {
        queue.push({ request, resolve });
        next();
      });
    },
    async stop() {
      stopped = true;
      for (const { resolve } of queue.splice(0)) resolve(STOPPED);
      await Promise.all([...idle.splice(0), ...busy.values()].map((thread) => thread.stop()));
    },
  };
}

function isOver(outcome: LuaOutcome): outcome is LuaFailure {
  return !outcome.ok && outcome.reason !== 'error';
}

function outcomeOf(result: ThreadResult, timeMs: number): LuaOutcome {
  if (result.kind === 'answer') return decodeAnswer(result.text);
  if (result.kind === 'crashed')
    return { ok: false, reason: 'crashed', message: `the Lua script ended its sandbox: ${result.message}` };
  return {
    ok: false,
    reason: 'timeout',
    message: `the Lua script did not end within ${timeMs} ms: look for an endless loop`,
  };
}
