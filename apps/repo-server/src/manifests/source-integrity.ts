/** Whether the commit of a source is signed as its project demands (F06): asked before anything of it is read. */
import type { GitReader, GitRemote, ResolvedRevision, SignaturePolicy } from '@tiphys/git';
import { GitOpsError, matchesGlob, normalizeGitUrl } from '@tiphys/model';
import type { SourceIntegrity } from '@tiphys/proto';

export interface IntegrityQuestion {
  readonly remote: GitRemote;
  readonly resolved: ResolvedRevision;
  /** The name behind a pinned commit: the tag that was synced, of which the signature may be. */
  readonly named?: { readonly revision: string; readonly tagPrefix?: string | undefined };
  /** Absent: nothing is demanded. */
  readonly integrity: SourceIntegrity | undefined;
}

/** @throws GitOpsError ManifestGeneration that names what is not signed as it should be. */
export async function verifyIntegrity(git: GitReader, question: IntegrityQuestion, signal: AbortSignal): Promise<void> {
  const { integrity, remote } = question;
  const policy = integrity === undefined ? undefined : policyFor(integrity, remote.url);
  if (policy === undefined) return;
  const resolved = await withTag(git, question, signal);
  const { problems } = await git.verifySignatures(remote, resolved, { policy, signal });
  if (problems.length === 0) return;
  const next =
    'Sign it with a key that the source integrity policy (or signatureKeys) of the project names, and add the public key to argocd-gpg-keys-cm.';
  const named = problems.map((problem) => `GIT/GPG: ${problem}`).join('\n');
  throw new GitOpsError('ManifestGeneration', `${named}. ${next}`);
}

/** How a revision is signed, for people; empty where the policies demand nothing of its repository. */
export async function signatureInfoOf(
  git: GitReader,
  { remote, resolved, integrity }: IntegrityQuestion,
  signal: AbortSignal,
): Promise<string> {
  const policy = integrity === undefined ? undefined : policyFor(integrity, remote.url);
  if (policy === undefined) return '';
  // Of the history before it nothing is told.
  const { info } = await git.verifySignatures(remote, resolved, { policy: { ...policy, mode: 'head' }, signal });
  return info;
}

/** A sync names the commit; when the source's own revision is a tag of just this commit, the tag's signature counts. */
async function withTag(
  git: GitReader,
  { remote, resolved, named }: IntegrityQuestion,
  signal: AbortSignal,
): Promise<ResolvedRevision> {
  if (resolved.ref !== undefined || named === undefined || named.revision === '') return resolved;
  const { revision, tagPrefix } = named;
  const options = { signal, ...(tagPrefix ? { tagPrefix } : {}) };
  const byName = await git.resolveRevision(remote, revision, options).catch(() => resolved);
  signal.throwIfAborted();
  return byName.commit === resolved.commit ? byName : resolved;
}

/** The first policy whose patterns match decides. @throws GitOpsError InvalidSpec for a mode that nobody knows. */
export function policyFor(integrity: SourceIntegrity, url: string): SignaturePolicy | undefined {
  const policy = integrity.gitPolicies.find(({ repos }) => matchesRepos(repos, url));
  if (policy === undefined || policy.mode === 'none') return undefined;
  const { mode, keys } = policy;
  if (mode !== 'head' && mode !== 'strict') {
    const message = `Unknown mode "${mode}" in a source integrity policy of the project: use none, head or strict.`;
    throw new GitOpsError('InvalidSpec', message);
  }
  return { mode, keys, gpgKeys: integrity.gpgKeys, sshAllowedSigners: integrity.sshAllowedSigners };
}

/** `*` crosses slashes here, as in Argo CD; a pattern with `!` leaves out what another one takes in. */
function matchesRepos(patterns: readonly string[], url: string): boolean {
  const matches = (pattern: string): boolean => matchesGlob(normalizeGitUrl(pattern), normalizeGitUrl(url));
  const isLeftOut = patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1)));
  return !isLeftOut && patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern));
}
