/** Reading Git repositories: refs at the host, objects in a local bare mirror. Never a work tree. */

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
  readonly forceHttpBasicAuth?: boolean;
}

export interface GitRemote {
  readonly url: string;
  readonly credentials: GitCredentials;
}

export interface ResolvedRevision {
  /** 40 hex digits. */
  readonly commit: string;
  /** Full ref name that was followed, for example `refs/heads/main`; undefined for a SHA. */
  readonly ref: string | undefined;
}

export interface GitRef {
  readonly name: string;
  readonly commit: string;
}

export interface TreeEntry {
  /** Path from the repository root, `/` separated, no leading slash. */
  readonly path: string;
  readonly oid: string;
  readonly kind: 'blob' | 'tree' | 'symlink' | 'submodule';
}

export interface CommitMetadata {
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
  /** Direct children, sorted by path. */
  list(path: string): Promise<readonly TreeEntry[]>;
  /** @throws GitOpsError ManifestGeneration when larger than `maxBytes`. */
  readBlob(oid: string, maxBytes: number): Promise<Uint8Array>;
}

export interface GitReader {
  /** Asks the host for exactly the refs needed (branch, tag, SHA, HEAD, `refs/...`, semver range with optional tag prefix). */
  resolveRevision(
    remote: GitRemote,
    revision: string,
    options: { readonly tagPrefix?: string; readonly signal: AbortSignal },
  ): Promise<ResolvedRevision>;
  listRefs(remote: GitRemote, signal: AbortSignal): Promise<readonly GitRef[]>;
  /** Fetches when the commit is not in the mirror yet; single-flight per repository. */
  openCommit(remote: GitRemote, resolved: ResolvedRevision, signal: AbortSignal): Promise<GitTree>;
  commitMetadata(remote: GitRemote, commit: string, signal: AbortSignal): Promise<CommitMetadata>;
  testConnection(remote: GitRemote, signal: AbortSignal): Promise<void>;
}
