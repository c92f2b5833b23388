/** Requests and answers of the sandbox as JSON. */
import { EMPTY_TABLE, type LuaOutcome, type LuaRequest } from './ports.js';

interface RawAnswer {
  readonly type?: LuaType;
  readonly value?: unknown;
  readonly error?: string;
  readonly fatal?: string;
}

/** Lua's own words. */
const OUT_OF_MEMORY = 'not enough memory';

type LuaType = Extract<LuaOutcome, { readonly ok: true }>['type'];

/** Lua numbers are doubles: 64-bit integers lose their last digits, as in Argo CD. */
export function encodeRequest({ script, openLibs, object, parameters }: LuaRequest): string {
  const { managedFields: _, ...metadata } = object.metadata as Record<string, unknown>;
  const request = { script, openLibs, object: { ...object, metadata }, parameters: parameters ?? {} };
  return JSON.stringify(request, (_key, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
}

export function decodeAnswer(text: string): LuaOutcome {
  const { type = 'nil', value, error, fatal } = JSON.parse(text, emptyTables) as RawAnswer;
  if (fatal !== undefined)
    return { ok: false, reason: 'crashed', message: `the Lua script ended its sandbox: ${fatal}` };
  if (error === OUT_OF_MEMORY)
    return { ok: false, reason: 'crashed', message: 'the Lua script needs more memory than a script may have' };
  return error === undefined ? { ok: true, type, value } : { ok: false, reason: 'error', message: error };
}

/** The prelude writes a table that may be a list or an object as `{"\u0000": 0}`. */
function emptyTables(_key: string, value: unknown): unknown {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject && Object.hasOwn(value, '\u0000') ? EMPTY_TABLE : value;
}
