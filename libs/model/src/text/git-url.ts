/** Comparing repository addresses, one way for credentials, projects and whatever is fetched while rendering. */
import { matchesGlob } from './glob.js';

const SCP_LIKE = /^[^/:]*@[^@/]+:(?!\/\/)/;
const PARTS = /^([a-z][a-z0-9+.-]*):\/\/(?:([^@/]*)@)?([^/]*)(.*)$/s;
const DEFAULT_PORTS: Readonly<Record<string, RegExp>> = { https: /:443$/, http: /:80$/, ssh: /:22$/ };

/**
 * A form in which two spellings of one repository are equal. Only for comparing, never for connecting. As in Argo CD,
 * case, white space around it, `.git` and the two spellings of SSH addresses do not matter; neither do trailing slashes,
 * default ports and the user of a web address, so that none of them gets around a denied source (F01).
 */
export function normalizeGitUrl(url: string): string {
  const lower = url.trim().toLowerCase();
  const scp = SCP_LIKE.test(lower) && !lower.includes('://');
  const text = (scp ? `ssh://${lower.replace(':', '/')}` : lower).replace(/\/+$/, '').replace(/\.git$/, '');
  const parts = PARTS.exec(text);
  if (parts === null) return text;
  const [, scheme = '', user = '', host = '', path = ''] = parts;
  const plainHost = host.replace(DEFAULT_PORTS[scheme] ?? /^$/, '');
  if (scheme !== 'ssh') return `${scheme}://${plainHost}${path}`;
  return `${user === '' ? '' : `${user}@`}${plainHost}${path}`;
}

export function isSameGitUrl(left: string, right: string): boolean {
  const normalized = normalizeGitUrl(left);
  return normalized !== '' && normalized === normalizeGitUrl(right);
}

/** `sourceRepos` of a project (F01): some rule permits, and no `!` rule denies. `*` stays within one part of a path. */
export function isRepositoryPermitted(rules: readonly string[], url: string): boolean {
  const denied = rules.some((rule) => rule.startsWith('!') && matchesRepository(rule.slice(1), url));
  return !denied && rules.some((rule) => !rule.startsWith('!') && matchesRepository(rule, url));
}

/** One rule without `!`: `*` for everything, else a glob over the normalized address, where `**` crosses slashes. */
export function matchesRepository(rule: string, url: string): boolean {
  return rule === '*' || matchesGlob(normalizeGitUrl(rule), normalizeGitUrl(url), { separators: '/' });
}
