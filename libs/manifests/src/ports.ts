/** What a renderer reads from and what it makes. */
import type { ApplicationSource, SourceType } from '@tiphys/model';
import type { ChartAccess } from './charts/ports.js';
import type { Plugins } from './plugin/ports.js';
import type { Toolbox } from './workspace/ports.js';

export interface SourceEntry {
  /** Path from the repository root, `/` separated, no leading slash. */
  readonly path: string;
  readonly oid: string;
  readonly kind: 'blob' | 'tree' | 'symlink' | 'submodule';
  /** A blob that may be run. */
  readonly executable?: boolean;
}

/** One revision of a source. Git's trees satisfy it; object ids must name content. */
export interface SourceTree {
  /** Shown in messages. */
  readonly commit: string;
  entry(path: string): Promise<SourceEntry | undefined>;
  list(path: string): Promise<readonly SourceEntry[]>;
  readBlob(oid: string, maxBytes: number): Promise<Uint8Array>;
}

/** Build options of Kustomize: each is one of a fixed list, never a text of the user (S2). */
export interface KustomizeOptions {
  /** Charts may be inflated; default false. */
  readonly enableHelm?: boolean;
  /** `--reorder` of the versions that have it. */
  readonly reorder?: 'legacy' | 'none';
  /** `--enable-managedby-label` of the versions that have it. */
  readonly managedByLabel?: boolean;
  /** `--load-restrictor LoadRestrictionsNone`: a kustomization may name files above it, inside of the repository only. */
  readonly loadAnywhere?: boolean;
  /** Names of options in the settings that are not permitted: nothing is rendered while there are any. */
  readonly refused?: readonly string[];
}

export interface KustomizeVersion {
  /** Of the binary, in one of the folders of tools; default `kustomize-<version>` there. */
  readonly path?: string;
  /** Default: those of the installation. */
  readonly options?: KustomizeOptions;
}

/** Installation settings that change the output. */
export interface RenderSettings {
  /** Bytes of all manifest files of one directory source together (B26). */
  readonly maxCombinedManifestBytes: number;
  /** `kustomize.buildOptions` (B22); for versions without options of their own. */
  readonly kustomize?: KustomizeOptions;
  /** What `source.kustomize.version` may name (B21). */
  readonly kustomizeVersions?: Readonly<Record<string, KustomizeVersion>>;
  /** Schemes of URLs that value files may have (`helm.valuesFileSchemes`, B11); default https and http. */
  readonly valuesFileSchemes?: readonly string[];
  /** Tools that are switched off with `kustomize.enable` and the like (B02): their sources are directories. */
  readonly disabledTools?: readonly ('Helm' | 'Kustomize' | 'Jsonnet')[];
}

/** `reposerver.max.combined.directory.manifests.size` of Argo CD. */
export const DEFAULT_MAX_COMBINED_MANIFEST_BYTES = 10 * 1024 * 1024;

/** In place of an object id: any folder. */
export const ANY_FOLDER = 'folder';

/** A path that was looked up, and what was there: null when nothing was. */
export interface ReadSetEntry {
  readonly path: string;
  /** `folder` ({@link ANY_FOLDER}): a folder was there, and what it holds does not matter. */
  readonly oid: string | null;
  /** Name of the source (`ref`) whose repository it is in; absent: the source's own. */
  readonly ref?: string;
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
  /**
   * The read set does not tell all: the build environment brought the commit into the result (B03), or other repositories
   * are read (B23). Plan again for another commit, whatever the read set says; equal keys still mean equal results.
   */
  readonly dependsOnCommit?: boolean;
  /** @throws GitOpsError ManifestGeneration with file, line and what to do. */
  render(signal: AbortSignal): Promise<RenderResult>;
}

/** Other Git repositories that a source may read, under the rules of its project. */
export interface RemoteRepositories {
  /** `ref` is empty for the default branch. @throws GitOpsError PermissionDenied for one that the project does not permit. */
  open(url: string, ref: string): Promise<SourceTree>;
}

/** The application that is rendered, as far as renders can depend on it. */
export interface RenderApplication {
  /** Instance name: that of the application, with the namespace before it (`team_web`) outside of the control plane's own. */
  readonly name: string;
  readonly project: string;
  readonly destinationNamespace: string;
  /** Of the destination cluster; `1.34` or `v1.34.2`; empty when not known. */
  readonly kubeVersion: string;
  /** `apps/v1`, `apps/v1/Deployment`. */
  readonly apiVersions: readonly string[];
  /** The annotation `argocd.argoproj.io/manifest-generate-paths`; what plugins are sent (B34). */
  readonly manifestGeneratePaths?: string;
}

export interface RenderRequest {
  readonly tree: SourceTree;
  readonly source: ApplicationSource;
  readonly settings: RenderSettings;
  readonly application: RenderApplication;
  readonly tools: Toolbox;
  /** Trees of the application's other sources by their `ref`, without the `$` (A05). */
  readonly references?: ReadonlyMap<string, SourceTree>;
  /** Absent: remote bases are refused (B23). */
  readonly remotes?: RemoteRepositories;
  /** Charts and value files that are not in the repository; without it they are refused. */
  readonly charts?: ChartAccess;
  /** Absent: there are no plugins. */
  readonly plugins?: Plugins;
  /** Ends what a plan fetches. */
  readonly signal?: AbortSignal;
}
