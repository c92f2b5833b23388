/** Folders of files that lie in registries as one layer: OCI sources (B27, B28). */
import { GitOpsError } from '@tiphys/model';
import { isRange, maxVersion } from '@tiphys/model/versions';
import { type Answers, createAnswers } from './answers.js';
import { type RepositoryDeps, repositoryKey, sha256 } from './helm-repository.js';
import type { Artifact, ArtifactClient, ArtifactQuestion, ChartRepository, PinnedArtifact } from './ports.js';
import {
  findManifest,
  isDigest,
  type Layer,
  layersOf,
  listTags,
  openRegistry,
  type Registry,
  type RegistryManifest,
  readBlob,
  readManifestBytes,
  toTag,
  toVersion,
} from './registry.js';

/** What Argo CD accepts when `reposerver.oci.layer.media.types` is not set. */
export const DEFAULT_LAYER_MEDIA_TYPES: readonly string[] = [
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
];
const MAX_LAYERS = 10;
const DEFAULT_TAG = 'latest';

interface Found {
  readonly digest: string;
  readonly tag: string | undefined;
}

export function createArtifacts(deps: RepositoryDeps): ArtifactClient {
  const answers: Answers<Found> = createAnswers({ clock: deps.clock, maxAgeMs: deps.limits.maxAgeMs });
  return {
    resolve: async (question, { signal, ...wish }) => {
      const { repository, reference } = question;
      if (isDigest(reference)) return { digest: reference, tag: undefined };
      const key = JSON.stringify([repositoryKey(repository), reference]);
      const { value, ...when } = await answers.get(key, wish, () => resolveTag(deps, question, signal));
      return { ...value, ...when };
    },
    fetch: (pinned, mediaTypes, signal) => fetchArtifact({ deps, pinned, mediaTypes }, signal),
    annotations: async (pinned, signal) => annotationsOf(await pinnedManifest(deps, pinned, signal)),
    tags: async (repository, signal) => (await listTags(open(deps, repository, signal))).map(toVersion),
  };
}

function open(deps: RepositoryDeps, repository: ChartRepository, signal: AbortSignal): Registry {
  return openRegistry({ deps, repository, name: '' }, signal);
}

/** A tag first, as Argo CD does: `1.x` may be the name of one. */
async function resolveTag(
  deps: RepositoryDeps,
  { repository, reference }: ArtifactQuestion,
  signal: AbortSignal,
): Promise<Found> {
  const registry = open(deps, repository, signal);
  const wanted = reference === '' || reference === 'HEAD' ? DEFAULT_TAG : reference;
  const tag = toTag(wanted);
  if (/^\w[\w.-]{0,127}$/.test(tag)) {
    const found = await findManifest(registry, { reference: tag, what: `tag ${wanted}` });
    if (found !== undefined) return keep(deps, { repository, found, tag: wanted });
  }
  if (!isRange(wanted)) throw unknownTag(repository, wanted, []);
  const versions = (await listTags(registry)).map(toVersion);
  const version = maxVersion(wanted, versions);
  if (version === undefined) throw unknownTag(repository, wanted, versions);
  const found = await findManifest(registry, { reference: toTag(version), what: `tag ${version}` });
  if (found === undefined) throw unknownTag(repository, version, versions);
  return keep(deps, { repository, found, tag: version });
}

interface Kept {
  readonly repository: ChartRepository;
  readonly found: RegistryManifest;
  readonly tag: string;
}

/** Opening what was just resolved asks nobody again. */
async function keep({ store }: RepositoryDeps, { repository, found, tag }: Kept): Promise<Found> {
  await store.set(manifestName({ repository, digest: found.digest }), found.bytes);
  return { digest: found.digest, tag };
}

function manifestName({ repository, digest }: PinnedArtifact): string {
  return `manifest ${repositoryKey(repository)} ${digest}`;
}

/** @throws GitOpsError ManifestGeneration when the registry no longer has it. */
async function pinnedManifest(
  deps: RepositoryDeps,
  pinned: PinnedArtifact,
  signal: AbortSignal,
): Promise<RegistryManifest> {
  const { repository, digest } = pinned;
  const stored = await deps.store.get(manifestName(pinned));
  if (stored !== undefined && `sha256:${sha256(stored)}` === digest) return readManifestBytes(stored, repository.url);
  const found = await findManifest(open(deps, repository, signal), { reference: digest, what: `artefact ${digest}` });
  if (found === undefined) throw unknownTag(repository, digest, []);
  await deps.store.set(manifestName(pinned), found.bytes);
  return found;
}

interface Fetching {
  readonly deps: RepositoryDeps;
  readonly pinned: PinnedArtifact;
  readonly mediaTypes: ArtifactMediaTypes;
}

type ArtifactMediaTypes = Parameters<ArtifactClient['fetch']>[1];

async function fetchArtifact({ deps, pinned, mediaTypes }: Fetching, signal: AbortSignal): Promise<Artifact> {
  const { repository } = pinned;
  const { mediaType, digest } = contentLayer(
    await pinnedManifest(deps, pinned, signal),
    repository,
    mediaTypes.allowed,
  );
  const name = `layer ${repositoryKey(repository)} ${digest}`;
  const stored = await deps.store.get(name);
  if (stored !== undefined && `sha256:${sha256(stored)}` === digest) return { mediaType, digest, bytes: stored };
  const registry = open(deps, repository, signal);
  const what = `layer of ${repository.url}`;
  const bytes = await readBlob(registry, { digest, maxBytes: mediaTypes.maxBytes, what });
  await deps.store.set(name, bytes);
  return { mediaType, digest, bytes };
}

/** Signatures and attestations may lie beside the one layer with the files. */
function contentLayer(manifest: RegistryManifest, { url }: ChartRepository, allowed: readonly string[]): Layer {
  if (Array.isArray(manifest.content['manifests'])) {
    throw unusable(url, 'is an index of several platforms', 'Push the folder as one artefact, or name its digest.');
  }
  const layers = layersOf(manifest);
  if (layers.length > MAX_LAYERS) throw unusable(url, `has more than ${MAX_LAYERS} layers`, 'Push one layer.');
  const contents = layers.filter(({ mediaType }) => /tar(\+gzip)?$/.test(mediaType));
  const refused = contents.find(({ mediaType }) => !allowed.includes(mediaType));
  if (refused !== undefined) {
    const next = `Add it to reposerver.oci.layer.media.types in argocd-cmd-params-cm, or push as ${allowed[0] ?? ''}.`;
    throw unusable(url, `has a layer of the type ${refused.mediaType.slice(0, 200)}, which is not permitted`, next);
  }
  const [layer] = contents;
  if (layer !== undefined && contents.length === 1) return layer;
  throw unusable(url, `has ${contents.length} layers with files`, 'Push exactly one, a tar archive or tar+gzip.');
}

function annotationsOf({ content }: RegistryManifest): Readonly<Record<string, string>> {
  const annotations: unknown = content['annotations'];
  if (typeof annotations !== 'object' || annotations === null) return {};
  const texts = Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.fromEntries(texts);
}

function unknownTag({ url }: ChartRepository, wanted: string, tags: readonly string[]): GitOpsError {
  const examples = tags.length === 0 ? '' : `, but for example ${tags.slice(0, 5).join(', ')}`;
  const message = `The registry has no "${wanted.slice(0, 200)}" of ${url}${examples}. Correct repoURL or targetRevision.`;
  return new GitOpsError('ManifestGeneration', message);
}

function unusable(url: string, why: string, next: string): GitOpsError {
  return new GitOpsError('ManifestGeneration', `${url} ${why}. ${next}`);
}
