/** Health scripts of the administrator (E05-E07): which one judges an object, and what its answer means. */
import {
  compileGlob,
  type GroupKind,
  HEALTH_STATUS_CODES,
  type HealthStatus,
  type HealthStatusCode,
} from '@tiphys/model';
import { isFields, textAt } from './fields.js';
import { health } from './health-result.js';

/** What a script returned: a Lua type and, for tables and plain values, the value as JSON. */
export type ScriptAnswer =
  | { readonly ok: true; readonly type: string; readonly value: unknown }
  | { readonly ok: false; readonly message: string };

/** Finds the entry for a kind: the exact one before the first whose group and kind match as globs (E07). */
export function compileKindRules<T extends GroupKind>(rules: readonly T[]): (groupKind: GroupKind) => T | undefined {
  const compiled = rules.map((rule) => ({ rule, group: compileGlob(rule.group), kind: compileGlob(rule.kind) }));
  return (asked) =>
    rules.find(({ group, kind }) => group === asked.group && kind === asked.kind) ??
    compiled.find(({ group, kind }) => group(asked.group) && kind(asked.kind))?.rule;
}

/**
 * The answer of a health script as Argo CD reads it: a table with a known status; nil says that the object has no health.
 * A script that fails makes the object Unknown, with the reason.
 */
export function healthOfAnswer(answer: ScriptAnswer): HealthStatus | 'none' {
  if (!answer.ok) return health('Unknown', answer.message);
  if (answer.type === 'nil') return 'none';
  if (answer.type !== 'table') return health('Unknown', `expect table output from Lua script, not ${answer.type}`);
  const status = isFields(answer.value) ? answer.value['status'] : undefined;
  if (!isHealthStatusCode(status)) return health('Unknown', 'Lua returned an invalid health status');
  return health(status, textAt(answer.value, 'message'));
}

function isHealthStatusCode(value: unknown): value is HealthStatusCode {
  return HEALTH_STATUS_CODES.some((code) => code === value);
}
