/** What webhooks say, whoever sends them. */

/** Refs of a Git repository were moved, made or deleted (J01). */
export interface Push {
  readonly kind: 'push';
  /** Every address that the payload gives for the repository. */
  readonly repositoryUrls: readonly string[];
  /** `refs/heads/main` or `refs/tags/v1.2.3`. */
  readonly ref: string;
  /** Undefined: the payload does not say. */
  readonly defaultBranch: string | undefined;
  /** Undefined: the payload does not say (J04: then everything may have changed). */
  readonly changedFiles: readonly string[] | undefined;
  /** The commit of before; undefined when the ref is new or the payload does not say. */
  readonly before: string | undefined;
  /** Object ids that the ref may mean now: a commit, or an annotated tag and its commit. Empty: deleted, or not said. */
  readonly after: readonly string[];
}

/** An artefact was pushed to a registry, or a chart to a repository of charts (J02). */
export interface RegistryPush {
  readonly kind: 'registry';
  readonly repositoryUrls: readonly string[];
  readonly tag: string | undefined;
  /** `sha256:…`. */
  readonly digest: string | undefined;
}

export type WebhookEvent = Push | RegistryPush;
