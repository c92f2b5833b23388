/** Remote bases of kustomizations (B23): other Git repositories, opened only when the project permits them. */
import type { GitReader, GitRemote } from '@tiphys/git';
import type { RemoteRepositories } from '@tiphys/manifests';
import { type GitRights, openWithSubmodules, otherRemote } from './git-rights.js';
import { verifyIntegrity } from './source-integrity.js';

export interface RemoteRights {
  readonly git: GitReader;
  /** The source's own repository: another one on the same host may be read with its credentials. */
  readonly own: GitRemote;
  readonly rights: GitRights;
  readonly cacheMode: 'normal' | 'resolve' | 'hard';
  readonly resolvedAfterMs: number;
}

export function remoteTrees(asked: RemoteRights, signal: AbortSignal): RemoteRepositories {
  const { git, own, rights, cacheMode, resolvedAfterMs } = asked;
  return {
    open: async (url, ref) => {
      const remote = otherRemote(url, own, rights);
      const mode = cacheMode === 'normal' ? 'normal' : 'resolve';
      const resolved = await git.resolveRevision(remote, ref || 'HEAD', { mode, resolvedAfterMs, signal });
      await verifyIntegrity(git, { remote, resolved, integrity: rights.integrity }, signal);
      const tree = await git.openCommit(remote, resolved, signal);
      return openWithSubmodules(tree, { own: remote, rights }, (other, commit) =>
        git.openCommit(other, { commit, ref: undefined }, signal),
      );
    },
  };
}
