/** The newest of some versions that a text asks for. */
import semver from 'semver';
import { isVersion, parseRange, parseVersion } from './range.js';

/** As it is written in the list; undefined when none is in the range. What is no version is left out. */
export function maxInRange(range: string, versions: readonly string[]): string | undefined {
  const wanted = parseRange(range);
  if (wanted === undefined) return undefined;
  return versions
    .map((version) => ({ version, parsed: parseVersion(version) }))
    .filter((candidate): candidate is { version: string; parsed: semver.SemVer } => candidate.parsed !== undefined)
    .filter(({ parsed }) => wanted.includes(parsed))
    .sort((a, b) => semver.rcompare(a.parsed, b.parsed))[0]?.version;
}

/** Like {@link maxInRange}, but an exact version is found as it is written, or with or without its `v`. */
export function maxVersion(wanted: string, versions: readonly string[]): string | undefined {
  const text = wanted.trim();
  if (!isVersion(text)) return maxInRange(text, versions);
  if (versions.includes(text)) return text;
  const other = text.startsWith('v') ? text.slice(1) : `v${text}`;
  return versions.includes(other) ? other : maxInRange(`=${text}`, versions);
}

/** True when a version is one that the text asks for. */
export function versionMatches(wanted: string, version: string): boolean {
  return maxVersion(wanted, [version]) !== undefined;
}

/** The tag with the highest version in the range among those with the prefix (A08). */
export function maxTagInRange(range: string, tags: readonly string[], tagPrefix = ''): string | undefined {
  const versions = tags.filter((tag) => tag.startsWith(tagPrefix)).map((tag) => tag.slice(tagPrefix.length));
  const found = maxInRange(range, versions);
  return found === undefined ? undefined : tagPrefix + found;
}
