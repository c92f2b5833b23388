/** The port to a mirror's object database. */
export interface RawEntry {
  readonly name: string;
  readonly oid: string;
  readonly kind: 'blob' | 'tree' | 'symlink' | 'submodule';
  /** A blob with the mode 100755. */
  readonly executable?: true;
}

export interface RawCommit {
  readonly commit: string;
  readonly tree: string;
  readonly author: string;
  readonly date: Date;
  readonly message: string;
}

export interface ObjectDatabase {
  /** Undefined when the mirror does not have the commit. */
  commit(sha: string): Promise<RawCommit | undefined>;
  /** The commit that the beginning of a SHA names; undefined when none or several. */
  commitByPrefix(prefix: string): Promise<RawCommit | undefined>;
  tree(oid: string): Promise<readonly RawEntry[]>;
  /** @throws GitOpsError ManifestGeneration when larger than `maxBytes`. */
  blob(oid: string, maxBytes: number): Promise<Uint8Array>;
}
