/** Comparing repository URLs as Argo CD does: case, `.git` and the two spellings of SSH URLs do not matter. */

const SSH_URL = /^(?:ssh:\/\/)?[^/:]*?@[^@]+$/;

/** A form in which two spellings of one repository are equal. Only for comparing, never for connecting. */
export function normalizeGitUrl(url: string): string {
  let normalized = url.trim().toLowerCase();
  if (SSH_URL.test(normalized) && !normalized.startsWith('ssh://')) {
    normalized = `ssh://${normalized.replace(':', '/')}`;
  }
  return normalized
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .replace(/^ssh:\/\//, '');
}

export function isSameGitUrl(left: string, right: string): boolean {
  const normalized = normalizeGitUrl(left);
  return normalized !== '' && normalized === normalizeGitUrl(right);
}

/**
 * True when a credential template's URL covers the repository (G09): a prefix of the normalized URL. The host must be
 * complete, so that `https://git.example.com` never gives its password to `https://git.example.com.attacker.net` (S26).
 */
export function isUrlPrefix(prefix: string, url: string): boolean {
  const wanted = normalizeGitUrl(prefix);
  const actual = normalizeGitUrl(url);
  if (wanted === '' || !actual.startsWith(wanted)) return false;
  const path = wanted.replace(/^[a-z][a-z0-9+.-]*:\/\//, '');
  if (path.includes('/')) return true;
  const next = actual.charAt(wanted.length);
  return next === '' || next === '/' || next === ':' || path.endsWith(':');
}
