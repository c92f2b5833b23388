/** References of a kustomization that lead to other hosts (B23). */
import { GitOpsError, redact } from '@tiphys/model';

/** What kustomize would fetch: URLs of any scheme, scp-like addresses, `git::`, and the short forms of GitHub. */
const REMOTE = /^(?:git::|gh:|[a-z][a-z0-9+.-]*:\/\/|[a-z][\w-]*@[^/:]+:|(?:[a-z][\w-]*@)?(?:www\.)?github\.com[:/])/i;
/** Scheme, user and host of what can be cloned; the rest is the repository and the path in it. */
const HOST = /^((?:https?|ssh):\/\/[^/]+\/|[a-z][\w-]*@[^/:]+:|(?:www\.)?github\.com[:/])(.*)$/i;
const REPOSITORY = /^(.*?\/_git\/[^/]+|.*?(?=\/\/)|.*?\.git(?=\/|$)|[^/]+\/[^/]+)(.*)$/;

export function isRemote(reference: string): boolean {
  return REMOTE.test(reference.trim());
}

export interface RemoteBase {
  readonly url: string;
  /** Empty for the default branch. */
  readonly ref: string;
  /** Of the folder in the repository. */
  readonly path: string;
}

/** As kustomize takes URLs apart: `//`, `.git` or `_git/` end the repository, else two segments do. Undefined when it is no Git repository. */
export function parseRemote(reference: string): RemoteBase | undefined {
  const [address = '', query = ''] = reference
    .trim()
    .replace(/^git::/, '')
    .split('?');
  const [, host, rest = ''] = HOST.exec(address) ?? [];
  const [, repository, behind = ''] = REPOSITORY.exec(rest) ?? [];
  if (host === undefined || repository === undefined) return undefined;
  const path = behind.replace(/^\/+|\/+$/g, '');
  // A file over HTTP, not a folder of a repository.
  if (query === '' && /\.(?:ya?ml|json)$/.test(path)) return undefined;
  const base = host.replace(/^(?:www\.)?github\.com[:/]/i, 'https://github.com/');
  return { url: `${base}${repository}`, ref: refOf(query), path };
}

function refOf(query: string): string {
  const parameters = new URLSearchParams(query);
  return parameters.get('ref') ?? parameters.get('version') ?? '';
}

export function remoteError(file: string, field: string, url: string): GitOpsError {
  const what = `${file}: ${field} names the remote ${redact(url).slice(0, 300)}.`;
  const next = 'Renders have no network: copy it into the repository (vendor it), and name the copy instead.';
  return new GitOpsError('ManifestGeneration', `${what} ${next}`);
}
