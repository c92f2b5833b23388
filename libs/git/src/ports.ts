/** Reading Git repositories: refs at the host, objects in a local bare mirror. Never a work tree. */

import type { SignaturePolicy, SignatureReport } from './signatures/policy.js';

export interface GitCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly sshPrivateKey?: string;
  readonly insecure?: boolean;
  readonly sshKnownHosts?: string;
  readonly tlsCaData?: string;
  readonly tlsClientCertData?: string;
  readonly tlsClientCertKey?: string;
  readonly proxy?: string;
  readonly noProxy?: string;
  readonly forceHttpBasicAuth?: boolean;
  /** Identities that are exchanged for a short-lived token (G06, G07); at most one of them. */
  readonly githubApp?: GithubAppCredentials;
  readonly gcpServiceAccountKey?: string;
  readonly azure?: AzureCredentials;
}

export interface GithubAppCredentials {
  readonly id: number;
  /** Found through the API when undefined. */
  readonly installationId?: number;
  readonly privateKey: string;
  /** The API's address, for GitHub Enterprise: `https://host/api/v3`. */
  readonly enterpriseBaseUrl?: string;
}

export interface AzureCredentials {
  readonly useWorkloadIdentity: boolean;
  readonly clientId?: string;
  readonly tenantId?: string;
  readonly clientSecret?: string;
  readonly activeDirectoryEndpoint?: string;
}

export interface GitRemote {
  readonly url: string;
  readonly credentials: GitCredentials;
  /** Commits of history that a fetch brings; undefined: all (B37). */
  readonly depth?: number;
  /** Files that Git LFS keeps elsewhere are fetched; otherwise their pointers are read as they are (B37). */
  readonly lfs?: boolean;
}

export interface ResolvedRevision {
  /** 40 hex digits. */
  readonly commit: string;
  /** Full ref name that was followed, for example `refs/heads/main`; undefined for a SHA. */
  readonly ref: string | undefined;
  /** Object id of the annotated tag that `ref` names, if it does. */
  readonly tag?: string;
  /** When the host was asked; undefined for a SHA, which nobody needs to be asked about. */
  readonly resolvedAt?: Date;
  /** Set when the host could not be asked and an older answer than requested is given: the reason, with the answer's age. */
  readonly stale?: string;
}

export interface ResolveOptions {
  /** Semver ranges are matched on tags with this prefix, which is put back for the answer (A08). */
  readonly tagPrefix?: string;
  /**
   * `normal` (default): an earlier answer may be used, and the last good one also while the host is down.
   * `resolve`: the host is asked, and its failure is the caller's.
   */
  readonly mode?: 'normal' | 'resolve';
  /** Unix milliseconds: an answer to a question that was asked earlier than this is too old. */
  readonly resolvedAfterMs?: number;
  readonly signal: AbortSignal;
}

export interface GitRef {
  readonly name: string;
  /** The commit; annotated tags are peeled. */
  readonly commit: string;
  /** Object id of the annotated tag, where the ref names one. */
  readonly tag?: string;
}

export interface TreeEntry {
  /** Path from the repository root, `/` separated, no leading slash. */
  readonly path: string;
  readonly oid: string;
  readonly kind: 'blob' | 'tree' | 'symlink' | 'submodule';
  /** A blob that may be run (mode 100755). */
  readonly executable?: true;
}

export interface CommitMetadata {
  /** `Name <mail>`. */
  readonly author: string;
  readonly date: Date;
  readonly message: string;
  readonly tags: readonly string[];
}

/** One commit of a mirrored repository. Reads come from the object database only. */
export interface GitTree {
  readonly commit: string;
  /** Object id of a path, `undefined` when absent. The empty path is the root tree. */
  entry(path: string): Promise<TreeEntry | undefined>;
  /** Direct children, sorted by path; empty when the path is absent or no folder. */
  list(path: string): Promise<readonly TreeEntry[]>;
  /** @throws GitOpsError ManifestGeneration when larger than `maxBytes`. */
  readBlob(oid: string, maxBytes: number): Promise<Uint8Array>;
}

export interface GitReader {
  /**
   * Asks the host for exactly the refs needed (branch, tag, SHA, HEAD, `refs/...`, semver range with optional tag prefix).
   * Callers at the same time share one question to the host.
   */
  resolveRevision(remote: GitRemote, revision: string, options: ResolveOptions): Promise<ResolvedRevision>;
  listRefs(remote: GitRemote, signal: AbortSignal): Promise<readonly GitRef[]>;
  /** Fetches when the commit is not in the mirror yet; single-flight per repository. */
  openCommit(remote: GitRemote, resolved: ResolvedRevision, signal: AbortSignal): Promise<GitTree>;
  /**
   * Whether the commit, or the annotated tag that was resolved, meets the policy (F06).
   * @throws GitError `unsupported` where signatures cannot be verified at all.
   */
  verifySignatures(
    remote: GitRemote,
    resolved: ResolvedRevision,
    check: { readonly policy: SignaturePolicy; readonly signal: AbortSignal },
  ): Promise<SignatureReport>;
  commitMetadata(remote: GitRemote, commit: string, signal: AbortSignal): Promise<CommitMetadata>;
  testConnection(remote: GitRemote, signal: AbortSignal): Promise<void>;
}
