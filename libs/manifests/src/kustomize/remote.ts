/** References of a kustomization that lead to other hosts (B23). */
import { GitOpsError, redact } from '@tiphys/model';

/** What kustomize would fetch: URLs of any scheme, scp-like addresses, `git::`, and the short forms of GitHub. */
const REMOTE = /^(?:git::|gh:|[a-z][a-z0-9+.-]*:\/\/|[a-z][\w-]*@[^/:]+:|(?:[a-z][\w-]*@)?(?:www\.)?github\.com[:/])/i;

export function isRemote(reference: string): boolean {
  return REMOTE.test(reference.trim());
}

export function remoteError(file: string, field: string, url: string): GitOpsError {
  const what = `${file}: ${field} names the remote ${redact(url).slice(0, 300)}.`;
  const next = 'Renders have no network: copy it into the repository (vendor it), and name the copy instead.';
  return new GitOpsError('ManifestGeneration', `${what} ${next}`);
}
