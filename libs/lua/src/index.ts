/** Lua scripts of administrators, in a sandbox (E05, E06, E12). */
export {
  EMPTY_TABLE,
  type LuaAnswer,
  type LuaFailure,
  type LuaOutcome,
  type LuaRequest,
  type LuaRuntime,
} from './ports.js';
export { createLuaRuntime, type LuaRuntimeOptions } from './runtime.js';
