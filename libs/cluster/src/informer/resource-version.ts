/** Order of resource versions: decimal numbers of any length (comparable for every built-in kind and custom resource). */

/** Negative when `a` is older. Versions that are not decimal compare as equal: then arrival order decides. */
export function compareResourceVersions(a: string, b: string): number {
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return 0;
  return a.length === b.length ? Number(a > b) - Number(a < b) : a.length - b.length;
}

const DECIMAL = /^\d+$/;
