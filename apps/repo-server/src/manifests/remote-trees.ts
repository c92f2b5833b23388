/** Remote bases of kustomizations (B23): other Git repositories, opened only when the project permits them. */
import type { GitCredentials, GitReader, GitRemote } from '@tiphys/git';
import type { RemoteRepositories } from '@tiphys/manifests';
import { GitOpsError, redact } from '@tiphys/model';
import type { SourceIntegrity } from '@tiphys/proto';
import { verifyIntegrity } from './source-integrity.js';

export interface RemoteRights {
  readonly git: GitReader;
  /** The source's own repository: another one on the same host is read with its credentials. */
  readonly own: GitRemote;
  /** Absent when the caller named no rules: then nothing but the source's own repository may be read. */
  readonly permits: ((url: string) => boolean) | undefined;
  readonly integrity: SourceIntegrity | undefined;
  readonly cacheMode: 'normal' | 'resolve' | 'hard';
  readonly resolvedAfterMs: number;
}

/** What a host gets is decided by the host: credentials never go to another one. */
export function remoteTrees(rights: RemoteRights, signal: AbortSignal): RemoteRepositories {
  const { git, own, permits, integrity, cacheMode, resolvedAfterMs } = rights;
  return {
    open: async (url, ref) => {
      if (url !== own.url && permits?.(url) !== true) throw notPermitted(url);
      const credentials: GitCredentials = hostOf(url) === hostOf(own.url) ? own.credentials : {};
      const remote = { url, credentials };
      const mode = cacheMode === 'normal' ? 'normal' : 'resolve';
      const resolved = await git.resolveRevision(remote, ref || 'HEAD', { mode, resolvedAfterMs, signal });
      await verifyIntegrity(git, { remote, resolved, integrity }, signal);
      return git.openCommit(remote, resolved, signal);
    },
  };
}

function notPermitted(url: string): GitOpsError {
  const next = "Add it to the project's sourceRepos, or copy the base into the repository (vendor it).";
  const message = `The project does not permit the remote base ${redact(url).slice(0, 300)}. ${next}`;
  return new GitOpsError('PermissionDenied', message);
}

/** Scheme, host and port; an scp-like address by its user and host. Different texts are different hosts. */
export function hostOf(url: string): string {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url) && URL.canParse(url)) {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`;
  }
  return url.split(':')[0] ?? url;
}
