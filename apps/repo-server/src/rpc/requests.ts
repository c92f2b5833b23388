/** From protobuf messages to the types that the work is done with. Everything is checked here. */
import type { JsonObject } from '@bufbuild/protobuf';
import {
  type ChartRepository,
  DEFAULT_LAYER_MEDIA_TYPES,
  DEFAULT_MAX_COMBINED_MANIFEST_BYTES,
  type KustomizeOptions,
  type RenderApplication,
  type RenderSettings,
} from '@tiphys/manifests';
import { type ApplicationSource, GitOpsError, isRepositoryPermitted } from '@tiphys/model';
import type {
  GenerateManifestsRequest,
  KustomizeOptions as KustomizeOptionsMessage,
  LocalFiles,
  RenderSettings as RenderSettingsMessage,
  Repository,
} from '@tiphys/proto';
import type { ArtifactLimits } from '../charts/artifact-trees.js';
import type { ChartRights } from '../charts/chart-trees.js';
import type { GitRights } from '../manifests/git-rights.js';
import type { LocalFilesPlace } from '../manifests/local-files.js';
import type { RemotePlace } from '../manifests/open-source.js';
import type { CacheMode } from '../manifests/render-source.js';
import { toRemote } from './remotes.js';

export interface PlaceWish {
  readonly chart?: string | undefined;
  readonly passCredentials?: boolean | undefined;
  readonly settings?: RenderSettingsMessage | undefined;
  /** Absent: nothing but the repository itself is read. */
  readonly rights?: GitRights | undefined;
}

/** A chart when the source names one, a folder of a registry when its URL is oci://, else a Git repository (B27). */
export function toPlace(repository: Repository | undefined, wish: PlaceWish): RemotePlace {
  const { chart = '', passCredentials = false, settings, rights } = wish;
  if (chart === '' && repository?.url.startsWith('oci://') !== true)
    return { kind: 'git', remote: toRemote(repository), rights };
  if (repository === undefined || repository.url === '') {
    throw new GitOpsError('InvalidSpec', 'The source names no repository. Set spec.source.repoURL.');
  }
  const from = toChartRepository(repository, passCredentials);
  if (chart !== '') return { kind: 'chart', repository: from, chart };
  return { kind: 'oci', repository: from, limits: toArtifactLimits(settings), rights };
}

/** Files of the request itself, as large as artefacts of registries may be (S12). */
export function toFilesPlace(
  { archive, checksum }: LocalFiles,
  settings: RenderSettingsMessage | undefined,
): LocalFilesPlace {
  return { kind: 'files', archive, checksum, maxBytes: toArtifactLimits(settings).maxBytes };
}

export function toChartRepository(repository: Repository, passCredentials = false): ChartRepository {
  const { url, name, insecure, insecureOciForceHttp, ...rest } = repository;
  const texts = {
    name,
    username: rest.username,
    password: rest.password,
    bearerToken: rest.bearerToken,
    tlsCaData: rest.tlsCaData,
    tlsClientCertData: rest.tlsClientCertData,
    tlsClientCertKey: rest.tlsClientCertKey,
    proxy: rest.proxy,
    noProxy: rest.noProxy,
  };
  const given = Object.entries(texts).filter(([, value]) => value !== '');
  return {
    url,
    ...(Object.fromEntries(given) as Partial<typeof texts>),
    ...(insecure ? { insecure } : {}),
    ...(insecureOciForceHttp ? { plainHttp: true } : {}),
    ...(passCredentials ? { passCredentials } : {}),
  };
}

/** What the charts of a request may fetch, and with which credentials (B11, B14, S11). */
export function toChartRights({ chartRepositories, permittedSources, sources }: GenerateManifestsRequest): ChartRights {
  const own = sources.flatMap(({ repository }) => (repository === undefined ? [] : [repository]));
  const repositories = [...own, ...chartRepositories].map((repository) => toChartRepository(repository));
  if (permittedSources.length === 0) return { repositories };
  return { repositories, permits: (url) => isRepositoryPermitted(permittedSources, url) };
}

/** The Struct carries the custom resource's own field names; the API server has validated them. */
export function toApplicationSource(message: JsonObject | undefined): ApplicationSource {
  const source = (message ?? {}) as Record<string, unknown>;
  const known = { repoURL: '', ...source };
  const wrong = ['path', 'targetRevision', 'chart', 'ref', 'tagPrefix'].find(
    (field) => known[field as keyof typeof known] !== undefined && typeof source[field] !== 'string',
  );
  if (wrong !== undefined) {
    throw new GitOpsError(
      'InvalidSpec',
      `The field ${wrong} of the source is not a text. Correct spec.source.${wrong}.`,
    );
  }
  return known as ApplicationSource;
}

/** @throws GitOpsError InvalidSpec for an unknown mode. */
export function toCacheMode(text: string): CacheMode {
  if (text === '' || text === 'normal') return 'normal';
  if (text === 'resolve' || text === 'hard') return text;
  throw new GitOpsError('InvalidSpec', `Unknown cache mode "${text}": use normal, resolve or hard.`);
}

/** The name is that of the instance: applications outside of the control plane's namespace have theirs before it. */
export function toRenderApplication(request: GenerateManifestsRequest, namespace: string): RenderApplication {
  const { appName, appNamespace } = request;
  return {
    name: appNamespace === '' || appNamespace === namespace ? appName : `${appNamespace}_${appName}`,
    project: request.project,
    destinationNamespace: request.destinationNamespace,
    kubeVersion: request.kubeVersion,
    apiVersions: request.apiVersions,
    ...(request.manifestGeneratePaths === '' ? {} : { manifestGeneratePaths: request.manifestGeneratePaths }),
  };
}

export function toRenderSettings(message: RenderSettingsMessage | undefined): RenderSettings {
  const bytes = Number(message?.maxCombinedManifestBytes ?? 0n);
  const schemes = message?.valuesFileSchemes ?? [];
  const disabledTools = TOOLS.filter((tool) => message?.disabledTools.includes(tool) === true);
  return {
    maxCombinedManifestBytes: bytes > 0 ? bytes : DEFAULT_MAX_COMBINED_MANIFEST_BYTES,
    ...(schemes.length === 0 ? {} : { valuesFileSchemes: schemes }),
    ...toKustomizeSettings(message),
    ...(disabledTools.length === 0 ? {} : { disabledTools }),
  };
}

/** Beyond this an artefact does not fit into the memory of this process, whatever the setting says. */
const MAX_EXTRACTED_BYTES = 512 * 1024 * 1024;
const DEFAULT_EXTRACTED_BYTES = 100 * 1024 * 1024;

/** What an OCI source may be (B28). */
function toArtifactLimits(message: RenderSettingsMessage | undefined): ArtifactLimits {
  const types = message?.ociLayerMediaTypes ?? [];
  const bytes = Number(message?.ociMaxExtractedBytes ?? 0n);
  return {
    allowed: types.length === 0 ? DEFAULT_LAYER_MEDIA_TYPES : types,
    maxBytes: bytes > 0 ? Math.min(bytes, MAX_EXTRACTED_BYTES) : DEFAULT_EXTRACTED_BYTES,
  };
}

function toKustomizeSettings(
  message: RenderSettingsMessage | undefined,
): Pick<RenderSettings, 'kustomize' | 'kustomizeVersions'> {
  const versions = Object.entries(message?.kustomizeVersions ?? {}).map(([name, { path, options }]) => [
    name,
    {
      ...(path === '' ? {} : { path }),
      ...(options === undefined ? {} : { options: toKustomizeOptions(options) }),
    },
  ]);
  return {
    ...(message?.kustomize === undefined ? {} : { kustomize: toKustomizeOptions(message.kustomize) }),
    ...(versions.length === 0 ? {} : { kustomizeVersions: Object.fromEntries(versions) }),
  };
}

function toKustomizeOptions({
  enableHelm,
  reorder,
  managedByLabel,
  loadAnywhere,
  refused,
}: KustomizeOptionsMessage): KustomizeOptions {
  return {
    ...(enableHelm ? { enableHelm } : {}),
    ...(reorder === 'legacy' || reorder === 'none' ? { reorder } : {}),
    ...(managedByLabel ? { managedByLabel } : {}),
    ...(loadAnywhere ? { loadAnywhere } : {}),
    ...(refused.length === 0 ? {} : { refused }),
  };
}

const TOOLS = ['Helm', 'Kustomize', 'Jsonnet'] as const;
