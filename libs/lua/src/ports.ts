/** What the sandbox takes and answers. */
import type { KubernetesObject } from '@tiphys/model';

export interface LuaRequest {
  /** Shown in the log when the script is switched off, such as `resource.customizations.health.apps_Deployment`. */
  readonly name: string;
  /** Source text; the chunk's return value is the answer. */
  readonly script: string;
  /** E06: `string`, `math`, `coroutine` and more of `os`. Never `io`, `debug` or a way out of the process. */
  readonly openLibs: boolean;
  /** The global `obj`. */
  readonly object: KubernetesObject;
  /** The global `actionParams` (E14). */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** A Lua value as JSON; an empty table that the script made is {@link EMPTY_TABLE}: Lua cannot say whether it is a list. */
export interface LuaAnswer {
  readonly ok: true;
  readonly type: 'nil' | 'table' | 'string' | 'number' | 'boolean' | 'function';
  /** `undefined` for nil and for functions. */
  readonly value: unknown;
}

/**
 * `error`: the script is wrong (for this object). `timeout`, `crashed`: over a limit. `disabled`: over a limit again and
 * again, not tried for a while. All but `error` may be different the next time.
 */
export interface LuaFailure {
  readonly ok: false;
  readonly reason: 'error' | 'timeout' | 'crashed' | 'disabled';
  readonly message: string;
}

export type LuaOutcome = LuaAnswer | LuaFailure;

export interface LuaRuntime {
  /** Never rejects; after {@link LuaRuntime.stop} everything is answered as `crashed`. */
  evaluate(request: LuaRequest): Promise<LuaOutcome>;
  stop(): Promise<void>;
}

/** Stands for `{}` written by a script where the object had no table before. */
export const EMPTY_TABLE = Symbol.for('tiphys.lua.emptyTable');
