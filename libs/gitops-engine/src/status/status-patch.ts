/** The smallest JSON merge patch (RFC 7386) between two statuses: nothing is written when nothing differs (design 4.4). */
import type { ApplicationStatus, JsonObject } from '@tiphys/model';
import { equalJson } from '../refresh/equal-json.js';

/**
 * The patch that turns `before` into `after`, to be sent as `{ status: patch }`; `undefined` when they are equal.
 * Removed fields are null; arrays are replaced whole, as the format demands.
 */
export function statusPatch(before: ApplicationStatus | undefined, after: ApplicationStatus): JsonObject | undefined {
  const patch = mergePatch(before ?? {}, after);
  return patch === undefined ? undefined : (patch as JsonObject);
}

/** Merge patch between two plain objects; `undefined` when they are equal. */
export function mergePatch(before: object, after: object): Readonly<Record<string, unknown>> | undefined {
  const old: Readonly<Record<string, unknown>> = { ...before };
  const wanted: Readonly<Record<string, unknown>> = { ...after };
  const patch: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(old), ...Object.keys(wanted)])) {
    const value = wanted[key];
    if (equalJson(old[key], value)) continue;
    patch[key] = patchOf(old[key], value);
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function patchOf(before: unknown, after: unknown): unknown {
  if (after === undefined) return null;
  if (isPlain(after)) return mergePatch(isPlain(before) ? before : {}, after) ?? {};
  return after;
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
