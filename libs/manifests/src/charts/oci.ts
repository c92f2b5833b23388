/** Charts in OCI registries (A09, B04): versions are tags, archives are layers. */
import { GitOpsError } from '@tiphys/model';
import { isVersion, maxVersion } from '@tiphys/model/versions';
import { createAnswers } from './answers.js';
import { notFound, type RepositoryClient, type RepositoryDeps, repositoryKey, sha256 } from './helm-repository.js';
import type { ChartArchive, ChartQueryOptions, ChartQuestion, ChartVersion } from './ports.js';
import {
  findManifest,
  isDigest,
  layersOf,
  listTags,
  openRegistry,
  ping,
  type Registry,
  readBlob,
  toTag,
  toVersion,
} from './registry.js';

const CHART_LAYERS = ['application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'application/tar+gzip'];

export function createRegistries(deps: RepositoryDeps): RepositoryClient {
  const answers = createAnswers<Pick<ChartVersion, 'version' | 'digest'>>({
    clock: deps.clock,
    maxAgeMs: deps.limits.maxAgeMs,
  });
  const resolve = async (question: ChartQuestion, options: ChartQueryOptions): Promise<ChartVersion> => {
    const key = JSON.stringify([repositoryKey(question.repository), question.chart, question.version]);
    const { value, ...when } = await answers.get(key, options, async () => {
      const registry = open(deps, question, options);
      const tag = await findTag(registry, question);
      return { version: toVersion(tag), digest: (await readChart(registry, tag)).digest };
    });
    return { ...value, ...when };
  };
  return {
    resolve,
    fetch: async (question, options) => {
      const { version, digest = '' } = await resolve(question, options);
      return fetchChart({ deps, question, version, digest }, options);
    },
    list: async ({ url }) => {
      const next = 'Registries do not say what they hold: type the name of the chart.';
      throw new GitOpsError('InvalidSpec', `${url} has no list of charts. ${next}`);
    },
    test: (repository, signal) => ping(deps, repository, signal),
  };
}

interface Wanted {
  readonly deps: RepositoryDeps;
  readonly question: ChartQuestion;
  readonly version: string;
  /** Of the manifest. */
  readonly digest: string;
}

async function fetchChart(
  { deps, question, version, digest }: Wanted,
  options: ChartQueryOptions,
): Promise<ChartArchive> {
  const name = `registry ${repositoryKey(question.repository)} ${question.chart} ${digest}`;
  const stored = await deps.store.get(name);
  // The manifest's digest names the archive: what is stored under it was verified when it came.
  if (stored !== undefined) return { version, digest: sha256(stored), bytes: stored };
  const registry = open(deps, question, options);
  const { layer } = await readChart(registry, `sha256:${digest}`);
  const { maxArchiveBytes: maxBytes } = deps.limits;
  const bytes = await readBlob(registry, { digest: layer, maxBytes, what: `archive of ${question.chart} ${version}` });
  await deps.store.set(name, bytes);
  return { version, digest: sha256(bytes), bytes };
}

function open(deps: RepositoryDeps, { repository, chart }: ChartQuestion, { signal }: ChartQueryOptions): Registry {
  return openRegistry({ deps, repository, name: chart }, signal);
}

async function findTag(registry: Registry, question: ChartQuestion): Promise<string> {
  if (isDigest(question.version)) return question.version;
  if (isVersion(question.version)) return toTag(question.version);
  const versions = (await listTags(registry)).map(toVersion);
  const version = maxVersion(question.version, versions);
  if (version === undefined) throw notFound(question, versions);
  return toTag(version);
}

interface ChartManifest {
  /** Of the manifest, hex. */
  readonly digest: string;
  /** Digest of the archive, with its algorithm. */
  readonly layer: string;
}

async function readChart(registry: Registry, reference: string): Promise<ChartManifest> {
  const what = `chart with the version ${toVersion(reference)}`;
  const manifest = await findManifest(registry, { reference, what });
  if (manifest === undefined) {
    const message = `${new URL(registry.base).host} has no ${what}. Check repoURL, chart and targetRevision.`;
    throw new GitOpsError('ManifestGeneration', message);
  }
  const chart = layersOf(manifest).find(({ mediaType }) => CHART_LAYERS.includes(mediaType));
  if (chart !== undefined) return { digest: manifest.digest.slice('sha256:'.length), layer: chart.digest };
  const message = `${registry.base.replace('/v2/', '/')} ${toVersion(reference)} is no Helm chart. Check chart and targetRevision.`;
  throw new GitOpsError('ManifestGeneration', message);
}
