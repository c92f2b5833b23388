/** Charts that do not lie in a Git repository: Helm repositories (index.yaml over HTTP) and OCI registries. */

/** A Helm repository or registry with the credentials for it; field names as in the repo-server's `Repository`. */
export interface ChartRepository {
  /** `https://charts.example.com`, `oci://registry.example.com/charts`, or a registry without scheme. */
  readonly url: string;
  /** Dependencies may name it: `@name` or `alias:name`. */
  readonly name?: string;
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly insecure?: boolean;
  readonly tlsCaData?: string;
  readonly tlsClientCertData?: string;
  readonly tlsClientCertKey?: string;
  readonly proxy?: string;
  readonly noProxy?: string;
  /** A registry that speaks plain HTTP. */
  readonly plainHttp?: boolean;
  /** Credentials also go to other hosts that the index or a redirect names (B11). */
  readonly passCredentials?: boolean;
}

export interface ChartQuestion {
  readonly repository: ChartRepository;
  readonly chart: string;
  /** Exact version, semver range, `*` or empty for the newest release. */
  readonly version: string;
}

export interface ChartVersion {
  readonly version: string;
  /** sha256 of the archive (Helm repository) or of its manifest (registry); undefined when the index names none. */
  readonly digest: string | undefined;
  readonly resolvedAt: Date;
  /** Why an older answer than wanted is given. */
  readonly stale?: string;
}

export interface ChartArchive {
  readonly version: string;
  /** sha256 of `bytes`, hex. */
  readonly digest: string;
  /** The .tgz. */
  readonly bytes: Uint8Array;
}

export interface ListedChart {
  readonly name: string;
  /** As the index lists them. */
  readonly versions: readonly string[];
}

export interface ChartQueryOptions {
  readonly signal: AbortSignal;
  /** The repository is asked, and its failure is the caller's; else a recent index or list of tags may be used. */
  readonly fresh?: boolean;
  /** Unix milliseconds: an answer to a question that was asked earlier is too old (a registry's webhook). */
  readonly notBeforeMs?: number;
}

/** @throws GitOpsError Upstream when a host fails, ManifestGeneration when it has no such chart or version, or a limit is exceeded. */
export interface ChartClient {
  resolve(question: ChartQuestion, options: ChartQueryOptions): Promise<ChartVersion>;
  /** Verified against the digest that the index or registry names; kept on disk under its digest. */
  fetch(question: ChartQuestion, options: ChartQueryOptions): Promise<ChartArchive>;
  /** Asks the host once, with the credentials. */
  test(repository: ChartRepository, signal: AbortSignal): Promise<void>;
  /** The charts that the index of a Helm repository lists; registries have no such list. */
  list(repository: ChartRepository, signal: AbortSignal): Promise<readonly ListedChart[]>;
  /** A value file by URL. */
  fetchFile(url: string, repository: ChartRepository | undefined, signal: AbortSignal): Promise<Uint8Array>;
}

/** A folder of files in a registry; the repository's URL names it (B27). */
export interface ArtifactQuestion {
  readonly repository: ChartRepository;
  /** Tag, `sha256:…`, or semver range on tags; empty and HEAD: the tag `latest`. */
  readonly reference: string;
}

export interface ArtifactVersion {
  /** `sha256:…` of the manifest. */
  readonly digest: string;
  /** What a tag or range led to. */
  readonly tag: string | undefined;
  /** When the registry was asked; undefined for a digest, which nobody needs to be asked about. */
  readonly resolvedAt?: Date;
  /** Why an older answer than wanted is given. */
  readonly stale?: string;
}

export interface PinnedArtifact {
  readonly repository: ChartRepository;
  readonly digest: string;
}

export interface Artifact {
  readonly mediaType: string;
  /** `sha256:…` of `bytes`. */
  readonly digest: string;
  /** The layer as it is in the registry. */
  readonly bytes: Uint8Array;
}

/** @throws GitOpsError Upstream when a host fails, ManifestGeneration when it has no such thing, or a limit is exceeded. */
export interface ArtifactClient {
  resolve(question: ArtifactQuestion, options: ChartQueryOptions): Promise<ArtifactVersion>;
  /** Its one layer with files, verified, of a media type that is allowed (B28); kept on disk under its digest. */
  fetch(
    pinned: PinnedArtifact,
    limits: { readonly allowed: readonly string[]; readonly maxBytes: number },
    signal: AbortSignal,
  ): Promise<Artifact>;
  /** `org.opencontainers.image.…` and others of the manifest. */
  annotations(pinned: PinnedArtifact, signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** Tags as versions: `1.0.0_build` is `1.0.0+build`. */
  tags(repository: ChartRepository, signal: AbortSignal): Promise<readonly string[]>;
}

/** Where charts and value files that are not in the repository come from. */
export interface ChartAccess {
  readonly client: ChartClient;
  /** Those whose credentials a dependency or a value file may need; dependencies may also name them. */
  readonly repositories: readonly ChartRepository[];
  /** May this URL be asked for a dependency or a value file (S11)? Default: every URL. */
  readonly permits?: (url: string) => boolean;
}
