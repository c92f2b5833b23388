/** What a renderer reads from and what it makes. */
import type { ApplicationSource, SourceType } from '@tiphys/model';

export interface SourceEntry {
  /** Path from the repository root, `/` separated, no leading slash. */
  readonly path: string;
  readonly oid: string;
  readonly kind: 'blob' | 'tree' | 'symlink' | 'submodule';
}

/** One revision of a source. Git's trees satisfy it; object ids must name content. */
export interface SourceTree {
  /** Shown in messages. */
  readonly commit: string;
  entry(path: string): Promise<SourceEntry | undefined>;
  list(path: string): Promise<readonly SourceEntry[]>;
  readBlob(oid: string, maxBytes: number): Promise<Uint8Array>;
}

/** Installation settings that change the output. */
export interface RenderSettings {
  /** Bytes of all manifest files of one directory source together (B26). */
  readonly maxCombinedManifestBytes: number;
}

/** `reposerver.max.combined.directory.manifests.size` of Argo CD. */
export const DEFAULT_MAX_COMBINED_MANIFEST_BYTES = 10 * 1024 * 1024;

/** A path that was looked up, and what was there: null when nothing was. */
export interface ReadSetEntry {
  readonly path: string;
  readonly oid: string | null;
}

/** Everything that a render depends on in the repository: while it holds, the manifests are the same. */
export type ReadSet = readonly ReadSetEntry[];

export interface RenderedManifest {
  /** The object as compact JSON. */
  readonly json: string;
  /** File and line it came from. */
  readonly origin: string;
}

export interface RenderResult {
  readonly manifests: readonly RenderedManifest[];
  /** Things left out that the user may not expect. */
  readonly warnings: readonly string[];
}

/** A render that has been thought through but not done. */
export interface RenderPlan {
  readonly sourceType: SourceType;
  readonly readSet: ReadSet;
  /** Hash of the inputs: equal key, equal result. Never depends on the commit. */
  readonly key: string;
  /** @throws GitOpsError ManifestGeneration with file, line and what to do. */
  render(signal: AbortSignal): Promise<RenderResult>;
}

export interface RenderRequest {
  readonly tree: SourceTree;
  readonly source: ApplicationSource;
  readonly settings: RenderSettings;
}
