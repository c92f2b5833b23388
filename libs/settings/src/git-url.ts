/** Which repositories a credential template covers. */
import { normalizeGitUrl } from '@tiphys/model';

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
