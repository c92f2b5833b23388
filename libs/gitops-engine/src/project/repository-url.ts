/** Comparison of repository addresses with the globs of a project's `sourceRepos`. */
import { matchesGlob } from '@tiphys/model';

/** Both sides are normalized, so that `git@host:org/app.git` and `ssh://git@host/org/app` are the same repository. */
export function matchesRepository(pattern: string, repoURL: string): boolean {
  if (pattern === '*') return true;
  return matchesGlob(normalizeRepository(pattern), normalizeRepository(repoURL));
}

/** Lower-case host, no `.git`, no trailing slash, no port 22, scp form as ssh URL, no user name of an https address. */
export function normalizeRepository(url: string): string {
  const trimmed = url
    .trim()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
  const scp = /^([A-Za-z0-9._-]+)@([^/:]+):(?!\/\/)(.+)$/.exec(trimmed);
  const full = scp === null ? trimmed : `ssh://${scp[1]}@${scp[2]}/${scp[3]}`;
  const parts = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(?:([^@/]*)@)?([^/]*)(.*)$/s.exec(full);
  if (parts === null) return full;
  const [, scheme = '', user, host = '', path = ''] = parts;
  const lower = scheme.toLowerCase();
  const keepsUser = lower === 'ssh' && user !== undefined && user !== '';
  return `${lower}://${keepsUser ? `${user}@` : ''}${host.toLowerCase().replace(/:22$/, '')}${path}`;
}
