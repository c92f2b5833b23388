/** One key for every spelling of a repository's address, so that webhooks find the applications that use it. */

const SCP_LIKE = /^(?:[^@/\s]+@)?([^:/\s]+):(?!\/\/)(.+)$/;
/** Hosts that SSH is served at beside the web's. */
const SSH_HOSTS = /^(?:ssh|altssh)\./;
/** Names of registries that mean another one. */
const HOST_ALIASES: Readonly<Record<string, string>> = {
  'registry-1.docker.io': 'docker.io',
  'index.docker.io': 'docker.io',
};

interface Place {
  readonly host: string;
  readonly path: string;
}

/**
 * `host/path` in lower case: without scheme, user, port, `.git` and outer slashes. `git@github.com:A/b.git`,
 * `ssh://git@ssh.github.com:443/a/b` and `https://github.com/a/b` have the same key; so have the three forms of Azure
 * DevOps, and the names of Docker Hub. What is no URL is its own key.
 */
export function repositoryKey(address: string): string {
  const text = address.trim();
  const place = text.includes('://') ? parseUrl(text) : parseScpLike(text);
  if (place === undefined) return trimPath(text.toLowerCase());
  const host = place.host.toLowerCase().replace(SSH_HOSTS, '');
  const named = { host: HOST_ALIASES[host] ?? host, path: trimPath(place.path.toLowerCase()) };
  const known = azureDevOps(named) ?? dockerHub(named) ?? named;
  return `${known.host}/${known.path}`;
}

function parseUrl(text: string): Place | undefined {
  if (!URL.canParse(text)) return undefined;
  const { hostname, pathname } = new URL(text);
  return { host: hostname, path: safeDecode(pathname) };
}

function parseScpLike(text: string): Place | undefined {
  const [, host, path] = SCP_LIKE.exec(text) ?? [];
  return host === undefined || path === undefined ? undefined : { host, path: safeDecode(path) };
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

/** `dev.azure.com/org/project/_git/repo` for the web, for SSH (`v3/org/project/repo`) and for `org.visualstudio.com`. */
function azureDevOps({ host, path }: Place): Place | undefined {
  const organization = /^([^.]+)\.visualstudio\.com$/.exec(host)?.[1];
  if (host !== 'dev.azure.com' && organization === undefined) return undefined;
  const [, org, project, repository] = /^v3\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
  if (repository !== undefined) return { host: 'dev.azure.com', path: `${org}/${project}/_git/${repository}` };
  const whole = organization === undefined ? path : `${organization}/${path.replace(/^defaultcollection\//, '')}`;
  // A repository that is named like its project is written once.
  return { host: 'dev.azure.com', path: whole.replace(/^([^/]+)\/_git\/([^/]+)$/, '$1/$2/_git/$2') };
}

/** Official images have no namespace in what people write. */
function dockerHub({ host, path }: Place): Place | undefined {
  return host === 'docker.io' && path !== '' && !path.includes('/') ? { host, path: `library/${path}` } : undefined;
}
