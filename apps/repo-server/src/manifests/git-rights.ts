/** What a request lets its Git sources read beside themselves: submodules and remote bases, under the rules of the project. */
import { type GitRemote, type GitTree, parseGitUrl, withSubmodules } from '@tiphys/git';
import { GitOpsError, isSameGitUrl, redact } from '@tiphys/model';
import { RepositoriesNeededError, type SourceIntegrity } from '@tiphys/proto';

export interface GitRights {
  /** Absent when the caller named no rules: then nothing but the source's own repository may be read. */
  readonly permits: ((url: string) => boolean) | undefined;
  /** What must be signed (F06); absent: nothing. */
  readonly integrity: SourceIntegrity | undefined;
  /** Repositories whose credentials the caller sent along. */
  readonly repositories: readonly GitRemote[];
  /** False: the folders of submodules are empty (B37). */
  readonly submodules: boolean;
}

/**
 * Another repository with the credentials of its own Secret; without any, on the same host, with those of the source.
 * @throws GitOpsError PermissionDenied; RepositoriesNeededError when the caller has not said how to reach it.
 */
export function otherRemote(url: string, own: GitRemote, rights: GitRights): GitRemote {
  if (url === own.url) return own;
  if (rights.permits?.(url) !== true) throw notPermitted(url);
  parseGitUrl(url);
  const known = rights.repositories.find((repository) => isSameGitUrl(repository.url, url));
  if (known === undefined) throw new RepositoriesNeededError([url]);
  const borrows = !hasLogin(known) && hostOf(url) === hostOf(own.url);
  return { ...known, url, credentials: borrows ? own.credentials : known.credentials };
}

/** Submodules as folders: each at the commit that the outer repository names, so what pins the one pins the other. */
export function openWithSubmodules(
  tree: GitTree,
  { own, rights }: { readonly own: GitRemote; readonly rights: GitRights },
  openCommit: (remote: GitRemote, commit: string) => Promise<GitTree>,
): GitTree {
  if (!rights.submodules) return tree;
  return withSubmodules(tree, {
    url: own.url,
    open: async (url, commit) => openCommit(otherRemote(url, own, rights), commit),
  });
}

const ABOUT_THE_HOST = ['sshKnownHosts', 'tlsCaData', 'proxy', 'noProxy', 'insecure', 'forceHttpBasicAuth'];

function hasLogin({ credentials }: GitRemote): boolean {
  return Object.keys(credentials).some((field) => !ABOUT_THE_HOST.includes(field));
}

function notPermitted(url: string): GitOpsError {
  const next = "Add it to the project's sourceRepos, or copy what is needed into the repository (vendor it).";
  const message = `The project does not permit the remote base or submodule ${redact(url).slice(0, 300)}. ${next}`;
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
