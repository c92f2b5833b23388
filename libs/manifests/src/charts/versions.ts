/** Versions of charts: exact ones, semver ranges, `*` (A09), as close to Helm's library as node-semver allows. */
import semver from 'semver';

const VERSION = /^v?\d+(\.\d+){0,2}(-[0-9a-z.-]+)?(\+[0-9a-z.-]+)?$/i;

/** True for `1.*`, `^2`, `>=1, <2`, `*` and the empty text; false for `1.2.3` and `v1.2`. */
export function isVersionRange(text: string): boolean {
  return !VERSION.test(text.trim());
}

/** The newest version in the range; an exact version may be listed with or without its `v`. Unreadable versions are left out. */
export function maxVersion(wanted: string, versions: readonly string[]): string | undefined {
  const text = wanted.trim();
  if (!isVersionRange(text)) {
    if (versions.includes(text)) return text;
    const other = text.startsWith('v') ? text.slice(1) : `v${text}`;
    return versions.includes(other) ? other : maxInRange(`=${text}`, versions);
  }
  return maxInRange(text, versions);
}

/** True when a version is one that the text asks for. */
export function versionMatches(wanted: string, version: string): boolean {
  return maxVersion(wanted, [version]) !== undefined;
}

function maxInRange(text: string, versions: readonly string[]): string | undefined {
  const range = toRange(text);
  if (range === undefined) return undefined;
  return versions
    .map((version) => ({ version, parsed: parse(version) }))
    .filter((candidate): candidate is { version: string; parsed: semver.SemVer } => candidate.parsed !== undefined)
    .filter(({ parsed }) => range.test(parsed))
    .sort((a, b) => semver.rcompare(a.parsed, b.parsed))[0]?.version;
}

/** Helm's library separates with commas and, when the range names a pre-release, admits those of every version. */
function toRange(text: string): semver.Range | undefined {
  const spaced = text.replaceAll(',', ' ').trim();
  try {
    return new semver.Range(spaced === '' ? '*' : spaced, {
      includePrerelease: /\d-[0-9a-z]/i.test(text),
      loose: true,
    });
  } catch {
    return undefined;
  }
}

/** `v1`, `1.2` and `v1.2.3-rc.1` are versions. */
function parse(text: string): semver.SemVer | undefined {
  if (!VERSION.test(text)) return undefined;
  const [core = '', ...rest] = text.replace(/^v/i, '').split(/(?=[-+])/);
  const parts = [...core.split('.'), '0', '0'].slice(0, 3).map((part) => String(Number(part)));
  return semver.parse(parts.join('.') + rest.join(''), { loose: true }) ?? undefined;
}
