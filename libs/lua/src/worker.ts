/**
 * The thread that runs scripts: one fresh Lua state per script in one WebAssembly memory of limited size. Self-contained on purpose: tests start it
 * from its source text. The parent ends the thread when a script takes too long.
 */
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

interface Glue {
  cwrap(name: string, result: string | null, parameters: readonly string[]): (...values: unknown[]) => unknown;
}

/** What Emscripten uses of it; the compiler's ES library leaves it out. */
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(delta: number): number;
}

declare const WebAssembly: { readonly Memory: { readonly prototype: Memory } };

interface Setup {
  readonly prelude: string;
  readonly maxMemoryPages: number;
}

/** In UTF-16 units: the arguments of calls into WebAssembly lie on its small stack. */
const PIECE = 65_536;
const { prelude, maxMemoryPages } = workerData as Setup;

limitMemory();
const lua = load();
parentPort?.on('message', (request: string) => parentPort?.postMessage(evaluate(request)));
parentPort?.postMessage('ready');

/** Emscripten grows the memory by this method only, and tells Lua when it fails: the script gets "not enough memory". */
function limitMemory(): void {
  const grow = WebAssembly.Memory.prototype.grow;
  WebAssembly.Memory.prototype.grow = function limited(this: Memory, delta: number): number {
    if (this.buffer.byteLength / 65_536 + delta > maxMemoryPages) throw new RangeError('the memory limit is reached');
    return grow.call(this, delta);
  };
}

function load() {
  const require = createRequire(import.meta.url);
  const create = require('lua-wasm-bindings/dist/glue/glue-lua-5.2.4.js') as (options: object) => Glue;
  const silent = () => undefined;
  const glue = create({ print: silent, printErr: silent });
  const n = 'number';
  return {
    open: glue.cwrap('luaL_newstate', n, []),
    openLibraries: glue.cwrap('luaL_openlibs', null, [n]),
    close: glue.cwrap('lua_close', null, [n]),
    loadText: glue.cwrap('luaL_loadstring', n, [n, 'string']),
    call: glue.cwrap('lua_pcallk', n, [n, n, n, n, n, n]),
    getGlobal: glue.cwrap('lua_getglobal', null, [n, 'string']),
    pushText: glue.cwrap('lua_pushstring', null, [n, 'string']),
    setTop: glue.cwrap('lua_settop', null, [n, n]),
    text: glue.cwrap('lua_tolstring', 'string', [n, n, n]),
  };
}

/** The answer of the prelude's `run`; `fatal`: the WebAssembly instance can no longer be trusted. */
function evaluate(request: string): string {
  try {
    const state = lua.open();
    lua.openLibraries(state);
    const failed =
      lua.loadText(state, prelude) !== 0 || lua.call(state, 0, 0, 0, 0, 0) !== 0 || !handOver(state, request);
    const answer = failed ? JSON.stringify({ error: lua.text(state, -1, 0) }) : String(lua.text(state, -1, 0));
    lua.close(state);
    return answer;
  } catch (error) {
    return JSON.stringify({ fatal: error instanceof Error ? error.message : String(error) });
  }
}

function handOver(state: unknown, request: string): boolean {
  for (let from = 0; from < request.length; ) {
    const to = endOfPiece(request, from);
    lua.getGlobal(state, 'put');
    lua.pushText(state, request.slice(from, to));
    if (lua.call(state, 1, 0, 0, 0, 0) !== 0) return false;
    from = to;
  }
  lua.getGlobal(state, 'run');
  return lua.call(state, 0, 1, 0, 0, 0) === 0;
}

/** Never between the two halves of a character. */
function endOfPiece(text: string, from: number): number {
  const to = Math.min(from + PIECE, text.length);
  const last = text.charCodeAt(to - 1);
  const splits = to < text.length && last >= 0xd800 && last <= 0xdbff;
  return splits ? to - 1 : to;
}
