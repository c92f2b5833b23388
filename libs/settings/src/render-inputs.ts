/** What an installation and a project add to every request for manifests: tool settings, charts and what may be fetched. */
import { type AppProject, isGitOpsError } from '@tiphys/model';
import {
  type KustomizeOptions,
  type KustomizeSettings,
  type KustomizeVersion,
  parseKustomizeSettings,
} from './kustomize-settings.js';
import { createReader, type Parsed, type SettingsData, type SettingsReader } from './reader.js';
import { type ConnectionSources, type RepositoryConnection, repositoryConnection } from './repository-connection.js';
import { type SourceIntegrityInputs, sourceIntegrityInputs } from './source-integrity.js';

/** Field names are those of the repo-server's `RenderSettings` message. */
export interface RenderSettings {
  /** `reposerver.max.combined.directory.manifests.size` in bytes; 0: the repo-server's default of 10 MiB (B26). */
  readonly maxCombinedManifestBytes: number;
  readonly includeHiddenDirectories: boolean;
  /** `helm.valuesFileSchemes`; empty: https and http (B11). */
  readonly valuesFileSchemes: readonly string[];
  /** `kustomize.buildOptions` (B22). */
  readonly kustomize: KustomizeOptions;
  /** `kustomize.path.<version>` and `kustomize.buildOptions.<version>` (B21). */
  readonly kustomizeVersions: KustomizeSettings['versions'];
  /** `helm.enable: "false"` and the like (B02). */
  readonly disabledTools: readonly string[];
  /** `reposerver.enable.git.submodule: "false"` (B37). */
  readonly disableSubmodules: boolean;
  /** `reposerver.oci.layer.media.types`; empty: the repo-server's default (B28). */
  readonly ociLayerMediaTypes: readonly string[];
  /** `reposerver.oci.manifest.max.extracted.size` in bytes; 0: the repo-server's default of 100 MiB. */
  readonly ociMaxExtractedBytes: number;
}

/** Messages have lists that may be written. */
type Sent<T> = {
  -readonly [K in keyof T]: T[K] extends readonly string[]
    ? string[]
    : T[K] extends object | undefined
      ? Sent<T[K]>
      : T[K];
};

/** Parts of a `GenerateManifestsRequest`, ready to be sent. */
export interface RenderInputs {
  readonly settings: {
    maxCombinedManifestBytes: bigint;
    includeHiddenDirectories: boolean;
    valuesFileSchemes: string[];
    kustomize: Sent<KustomizeOptions>;
    kustomizeVersions: Record<string, Sent<KustomizeVersion>>;
    disabledTools: string[];
    disableSubmodules: boolean;
    ociLayerMediaTypes: string[];
    ociMaxExtractedBytes: bigint;
  };
  /** Helm repositories and registries that the project may use, for dependencies and value files by URL. */
  readonly chartRepositories: RepositoryConnection[];
  /** `sourceRepos` of the project: what is fetched while rendering must match, too (S11). */
  readonly permittedSources: string[];
  /** Absent: the project demands no signatures (F06). */
  readonly sourceIntegrity?: SourceIntegrityInputs;
}

/** An empty list would permit everything to the repo-server. */
const NOTHING: readonly string[] = ['!*'];
const TOOLS = { helm: 'Helm', kustomize: 'Kustomize', jsonnet: 'Jsonnet' } as const;

export function parseRenderSettings(argocdCm: SettingsData, parameters: SettingsData): Parsed<RenderSettings> {
  const cm = createReader(argocdCm);
  const params = createReader(parameters);
  const kustomize = parseKustomizeSettings(cm);
  const settings: RenderSettings = {
    maxCombinedManifestBytes: byteSize(params, 'reposerver.max.combined.directory.manifests.size'),
    includeHiddenDirectories: params.flag('reposerver.include.hidden.directories', false),
    valuesFileSchemes: cm.list('helm.valuesFileSchemes'),
    kustomize: kustomize.options,
    kustomizeVersions: kustomize.versions,
    disabledTools: Object.entries(TOOLS)
      .filter(([key]) => !cm.flag(`${key}.enable`, true))
      .map(([, tool]) => tool),
    ociLayerMediaTypes: params.list('reposerver.oci.layer.media.types'),
    ociMaxExtractedBytes: params.flag('reposerver.disable.oci.manifest.max.extracted.size', false)
      ? Number.MAX_SAFE_INTEGER
      : byteSize(params, 'reposerver.oci.manifest.max.extracted.size'),
    disableSubmodules: !params.flag('reposerver.enable.git.submodule', true),
  };
  return { settings, problems: [...cm.problems, ...params.problems] };
}

export interface RenderSources extends ConnectionSources {
  /** Parsed once per change of the settings, not once per request. */
  readonly renderSettings: RenderSettings;
}

/** A project that is gone permits nothing to be fetched. */
export function renderInputs(project: AppProject | undefined, sources: RenderSources): RenderInputs {
  const { renderSettings: settings, repositories } = sources;
  const name = project?.metadata.name;
  const permits = project?.spec.sourceRepos ?? [];
  const sourceIntegrity = sourceIntegrityInputs(project, sources);
  const usable = repositories.filter(({ secretType, type, project: owner }) => {
    return secretType === 'repository' && type !== 'git' && (owner === undefined || owner === name);
  });
  return {
    settings: {
      ...settings,
      maxCombinedManifestBytes: BigInt(settings.maxCombinedManifestBytes),
      valuesFileSchemes: [...settings.valuesFileSchemes],
      kustomize: sentOptions(settings.kustomize),
      kustomizeVersions: sentVersions(settings.kustomizeVersions),
      disabledTools: [...settings.disabledTools],
      ociLayerMediaTypes: [...settings.ociLayerMediaTypes],
      ociMaxExtractedBytes: BigInt(settings.ociMaxExtractedBytes),
    },
    chartRepositories: usable.flatMap(({ url }) => connectionOrNone(url, name, sources)),
    permittedSources: [...(permits.length === 0 ? NOTHING : permits)],
    ...(sourceIntegrity === undefined ? {} : { sourceIntegrity }),
  };
}

function sentOptions(options: KustomizeOptions): Sent<KustomizeOptions> {
  return { ...options, refused: [...options.refused] };
}

function sentVersions(versions: KustomizeSettings['versions']): Record<string, Sent<KustomizeVersion>> {
  const entries = Object.entries(versions).map(([name, { path, options }]) => [
    name,
    { path, ...(options === undefined ? {} : { options: sentOptions(options) }) },
  ]);
  return Object.fromEntries(entries) as Record<string, Sent<KustomizeVersion>>;
}

/** A repository whose credentials nobody here can use is as good as not registered. */
function connectionOrNone(
  url: string,
  project: string | undefined,
  sources: ConnectionSources,
): readonly RepositoryConnection[] {
  try {
    return [repositoryConnection({ url, ...(project === undefined ? {} : { project }) }, sources)];
  } catch (error) {
    if (isGitOpsError(error) && error.code === 'InvalidSpec') return [];
    throw error;
  }
}

const UNITS: Readonly<Record<string, number>> = { '': 0, K: 10, Ki: 10, M: 20, Mi: 20, G: 30, Gi: 30 };

/** `10M` is 10 MiB, as in Argo CD. 0: not set. */
function byteSize(reader: SettingsReader, key: string): number {
  const text = reader.text(key);
  if (text === undefined) return 0;
  const match = /^(\d{1,12})([KMG]i?)?$/.exec(text);
  const shift = UNITS[match?.[2] ?? ''];
  if (match?.[1] === undefined || shift === undefined) {
    reader.problem(key, `"${text}" is not a size; write it like 10M`);
    return 0;
  }
  return Number(match[1]) * 2 ** shift;
}
