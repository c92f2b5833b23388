/** One key for every spelling of a Git repository's address, so that webhooks find the applications that use it. */

const SCP_LIKE = /^(?:[^@/\s]+@)?([^:/\s]+):(?!\/\/)(.+)$/;
const HOST_ALIASES = /^(?:ssh|altssh)\./;

/**
 * `host/path` in lower case: without scheme, user, port, `.git` and outer slashes. `git@github.com:A/b.git`,
 * `ssh://git@ssh.github.com:443/a/b` and `https://github.com/a/b` have the same key. What is no URL is its own key.
 */
export function repositoryKey(address: string): string {
  const text = address.trim();
  const url = text.includes('://') ? parseUrl(text) : undefined;
  const scp = url === undefined ? SCP_LIKE.exec(text) : null;
  const host = url?.host ?? scp?.[1];
  const path = url?.path ?? scp?.[2];
  if (host === undefined || path === undefined) return trimPath(text.toLowerCase());
  return `${host.toLowerCase().replace(HOST_ALIASES, '')}/${trimPath(path.toLowerCase())}`;
}

function parseUrl(text: string): { readonly host: string; readonly path: string } | undefined {
  if (!URL.canParse(text)) return undefined;
  const { hostname, pathname } = new URL(text);
  return { host: hostname, path: safeDecode(pathname) };
}

function safeDecode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function trimPath(path: string): string {
  return path
    .replace(/^\/+/, '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
}
