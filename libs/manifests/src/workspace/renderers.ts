/** The renderers of the tools: started when there is work, reused, and replaced before anything can pile up in them. */
import { availableParallelism } from 'node:os';
import type { RendererStartReport } from './ports.js';
import { type RenderCall, type Renderer, startRenderer } from './renderer-process.js';
import type { ProcessResult, StartedProcess } from './run-process.js';

export interface RenderersOptions {
  /** How to start the renderer of a tool; undefined when none is installed. */
  readonly command: (tool: string) => StartedProcess | undefined;
  /** Makes sure that the folders exist that a renderer is confined to. */
  readonly prepare: () => void;
  /** After this many renders a process is replaced. */
  readonly rendersPerProcess: number;
  /** An idle process ends after this time. */
  readonly idleMs: number;
  readonly onStart: (start: RendererStartReport) => void;
}

/** What is installed as command line; a renderer of another version is not used. */
export interface InstalledTool {
  readonly name: string;
  /** What the command line says about itself. */
  readonly version: string;
}

export interface Renderers {
  /** Could a renderer do this? Otherwise there is no need to ask for the tool's version. */
  knows(tool: string, firstArgument: string): boolean;
  /** Undefined: the command line has to do it. Else the result is what the command line would have given. */
  render(tool: InstalledTool, call: RenderCall): Promise<ProcessResult | undefined>;
  /** Those that are alive. */
  list(): readonly Renderer[];
  /** Ends all of them at once; later renders are left to the command line. */
  close(): void;
}

/** What the renderer of each tool knows, by the first argument; it may still leave the rest to the command line. */
const KNOWN: Readonly<Record<string, (first: string) => boolean>> = {
  helm: (first) => first === 'template',
  kustomize: (first) => first === 'build',
  jsonnet: (first) => first !== '--version',
};
const START_TIMEOUT_MS = 10_000;
/** A renderer that does not start, or is of another version, is tried again after this time. */
const PAUSE_MS = 60_000;
/** More idle processes than cores would only hold memory. */
const MAX_IDLE = availableParallelism();
/** What Go's runtime says when it gets no memory. */
export const OUT_OF_MEMORY = /^(?:runtime: out of memory|fatal error: .*(?:out of memory|cannot allocate))/m;

interface Idle {
  readonly renderer: Renderer;
  readonly timer: NodeJS.Timeout;
}

/** The renderers of one tool. */
interface Pool {
  readonly alive: Set<Renderer>;
  idle: readonly Idle[];
  /** Not used before this time of `performance.now()`. */
  pausedUntil: number;
}

interface State {
  readonly options: RenderersOptions;
  readonly pools: Map<string, Pool>;
  closed: boolean;
}

export function createRenderers(options: RenderersOptions): Renderers {
  const state: State = { options, pools: new Map(), closed: false };
  const list = (): readonly Renderer[] =>
    [...state.pools.values()].flatMap(({ alive }) => [...alive].filter(({ usable }) => usable));
  return {
    knows: (tool, first) => KNOWN[tool]?.(first) === true && options.command(tool) !== undefined,
    render: (tool, call) => render(state, tool, call),
    list,
    close: () => {
      state.closed = true;
      for (const renderer of list()) renderer.kill();
    },
  };
}

/**
 * A process that dies may have been ailing from earlier renders: the second attempt gets a fresh one. When that dies too
 * the command line shall say why, except for want of memory, of which it would get no more.
 */
async function render(state: State, tool: InstalledTool, call: RenderCall): Promise<ProcessResult | undefined> {
  const pool = poolOf(state, tool.name);
  for (const attempt of [1, 2]) {
    const renderer = (attempt === 1 ? takeIdle(pool) : undefined) ?? (await start(state, tool, pool));
    if (renderer === undefined) return undefined;
    const isFresh = renderer.renders === 0;
    const answer = await renderer.render(call);
    putBack(state, pool, renderer);
    if (answer.kind === 'result') return answer.result;
    if (answer.kind === 'unsupported') return undefined;
    if (isFresh && OUT_OF_MEMORY.test(answer.trace)) {
      return { end: { kind: 'exited', code: 2 }, stdout: '', stderr: answer.trace };
    }
  }
  return undefined;
}

function poolOf({ pools }: State, tool: string): Pool {
  const pool = pools.get(tool) ?? { alive: new Set(), idle: [], pausedUntil: 0 };
  pools.set(tool, pool);
  return pool;
}

/** The one that was used last: the others may become idle for long, and end. */
function takeIdle(pool: Pool): Renderer | undefined {
  for (;;) {
    const last = pool.idle.at(-1);
    if (last === undefined) return undefined;
    pool.idle = pool.idle.slice(0, -1);
    clearTimeout(last.timer);
    if (last.renderer.usable) return last.renderer;
    pool.alive.delete(last.renderer);
  }
}

function putBack({ options, closed }: State, pool: Pool, renderer: Renderer): void {
  const isWorn = renderer.renders >= options.rendersPerProcess;
  if (!renderer.usable || isWorn || closed || pool.idle.length >= MAX_IDLE) {
    renderer.kill();
    pool.alive.delete(renderer);
    return;
  }
  const end = (): void => {
    pool.idle = pool.idle.filter((idle) => idle.renderer !== renderer);
    pool.alive.delete(renderer);
    renderer.kill();
  };
  pool.idle = [...pool.idle, { renderer, timer: setTimeout(end, options.idleMs).unref() }];
}

async function start(state: State, { name, version }: InstalledTool, pool: Pool): Promise<Renderer | undefined> {
  const command = state.options.command(name);
  if (command === undefined || state.closed || performance.now() < pool.pausedUntil) return undefined;
  state.options.prepare();
  const renderer = await startRenderer({ ...command, startTimeoutMs: START_TIMEOUT_MS });
  if (renderer?.tool === name && renderer.version === version && !state.closed) {
    pool.alive.add(renderer);
    state.options.onStart({ tool: name, outcome: 'used', sealed: renderer.sealed });
    return renderer;
  }
  renderer?.kill();
  pool.pausedUntil = performance.now() + PAUSE_MS;
  if (!state.closed) state.options.onStart({ tool: name, outcome: renderer === undefined ? 'failed' : 'otherVersion' });
  return undefined;
}
