/** Reading versions and ranges: `1.*`, `^2`, `~1.2`, `>=1.0, <2`, `!=1.3.0`, `1.2 - 1.4`, with `||` between them. */
import semver from 'semver';

const VERSION = /^v?\d+(\.\d+){0,2}(-[0-9a-z.-]+)?(\+[0-9a-z.-]+)?$/i;
const EXCLUDED = /!=\s*(v?\d[0-9a-z.+-]*)/gi;

/** True for `1.2.3`, `v1.2` and `1`: a name, not a range. */
export function isVersion(text: string): boolean {
  return VERSION.test(text.trim());
}

/** True for a text that can only mean a range; a branch or tag may still have the name. */
export function isRange(text: string): boolean {
  return !isVersion(text) && /[\dxX*]/.test(text) && parseRange(text) !== undefined;
}

export interface VersionRange {
  includes(version: semver.SemVer): boolean;
}

/** Undefined when it is no range. The empty text is every release. */
export function parseRange(text: string): VersionRange | undefined {
  const alternatives = text.split('||').map(parseAlternative);
  const known = alternatives.filter((range) => range !== undefined);
  if (known.length < alternatives.length) return undefined;
  return { includes: (version) => known.some((range) => range.includes(version)) };
}

/** Commas separate as spaces do; where a range names a pre-release, it admits those of every version. */
function parseAlternative(text: string): VersionRange | undefined {
  const excluded = [...text.matchAll(EXCLUDED)].map(([, version = '']) => parseVersion(version));
  const rest = text.replace(EXCLUDED, ' ').replaceAll('=>', '>=').replaceAll('=<', '<=').replaceAll(',', ' ').trim();
  try {
    const range = new semver.Range(rest === '' ? '*' : rest, {
      includePrerelease: /\d-[0-9a-z]/i.test(text),
      loose: true,
    });
    return {
      includes: (version) =>
        range.test(version) && !excluded.some((other) => other !== undefined && semver.eq(other, version)),
    };
  } catch {
    return undefined;
  }
}

/** `v1`, `1.2` and `v1.2.3-rc.1` are versions; undefined for what is none. */
export function parseVersion(text: string): semver.SemVer | undefined {
  if (!VERSION.test(text)) return undefined;
  const [core = '', ...rest] = text.replace(/^v/i, '').split(/(?=[-+])/);
  const parts = [...core.split('.'), '0', '0'].slice(0, 3).map((part) => String(Number(part)));
  return semver.parse(parts.join('.') + rest.join(''), { loose: true }) ?? undefined;
}
