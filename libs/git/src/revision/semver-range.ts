/** Semver ranges on tags (A07, A08), as close to Argo CD's library as node-semver allows. */
import semver from 'semver';

const LOOSE_VERSION = /^v?\d+(\.\d+){0,2}(-[0-9a-z.-]+)?(\+[0-9a-z.-]+)?$/i;

/** True for `1.*`, `^2`, `~1.2`, `>=1.0, <2`, `*`; false for a plain version such as `v1.2`, which is a tag's name. */
export function isSemverRange(text: string): boolean {
  return !LOOSE_VERSION.test(text.trim()) && /[\dxX*]/.test(text) && toRange(text) !== undefined;
}

/** The tag with the highest version in the range, or undefined. Tags that are no versions are left out. */
export function maxTagInRange(range: string, tags: readonly string[], tagPrefix = ''): string | undefined {
  const wanted = toRange(range);
  if (wanted === undefined) return undefined;
  const candidates = tags
    .filter((tag) => tag.startsWith(tagPrefix))
    .map((tag) => ({ tag, version: toVersion(tag.slice(tagPrefix.length)) }))
    .filter((candidate): candidate is { tag: string; version: semver.SemVer } => candidate.version !== undefined)
    .filter(({ version }) => wanted.test(version))
    .sort((a, b) => semver.rcompare(a.version, b.version));
  return candidates[0]?.tag;
}

/** Argo CD's library separates with commas and, when the range names a pre-release, admits those of every version. */
function toRange(text: string): semver.Range | undefined {
  const spaced = text.replaceAll(',', ' ').trim();
  try {
    return new semver.Range(spaced, { includePrerelease: /\d-[0-9a-z]/i.test(text), loose: true });
  } catch {
    return undefined;
  }
}

/** `v1`, `1.2` and `v1.2.3-rc.1` are versions. */
function toVersion(text: string): semver.SemVer | undefined {
  if (!LOOSE_VERSION.test(text)) return undefined;
  const [core = '', ...rest] = text.replace(/^v/i, '').split(/(?=[-+])/);
  const parts = [...core.split('.'), '0', '0'].slice(0, 3).map((part) => String(Number(part)));
  return semver.parse(parts.join('.') + rest.join(''), { loose: true }) ?? undefined;
}
