/** Merging refresh requests: the strongest of both wins, so that a hard refresh is never lost to a soft one. */
import { COMPARE_LEVELS, REFRESH_TYPES } from '@tiphys/model';
import type { RefreshRequest } from '../compare/types.js';

/** Maximum of both fields, each on its own. `undefined`: nothing asked. */
export function mergeRefreshRequests(a: RefreshRequest, b: RefreshRequest): RefreshRequest;
export function mergeRefreshRequests(
  a: RefreshRequest | undefined,
  b: RefreshRequest | undefined,
): RefreshRequest | undefined;
export function mergeRefreshRequests(
  a: RefreshRequest | undefined,
  b: RefreshRequest | undefined,
): RefreshRequest | undefined {
  if (a === undefined) return b;
  if (b === undefined) return a;
  return {
    compareWith: stronger(COMPARE_LEVELS, a.compareWith, b.compareWith),
    refreshType: stronger(REFRESH_TYPES, a.refreshType, b.refreshType),
  };
}

function stronger<T extends string>(order: readonly T[], a: T, b: T): T {
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}
