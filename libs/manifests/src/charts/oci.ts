/** Charts in OCI registries (A09, B04): tags, manifests and blobs of the distribution API, with its token handshake. */
import { GitOpsError } from '@tiphys/model';
import { parseJson } from '@tiphys/model/yaml';
import {
  checkStatus,
  notFound,
  type RepositoryClient,
  type RepositoryDeps,
  repositoryKey,
  sha256,
} from './helm-repository.js';
import { basicAuthorization, type HttpAnswer } from './http.js';
import type { ChartArchive, ChartQueryOptions, ChartQuestion, ChartRepository, ChartVersion } from './ports.js';
import { isVersionRange, maxVersion } from './versions.js';

const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const CHART_LAYERS = ['application/vnd.cncf.helm.chart.content.v1.tar+gzip', 'application/tar+gzip'];
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_TAG_PAGES = 100;
const MAX_REMEMBERED = 5_000;

/** Names of registries that are reached by another one. */
const HOSTS: Readonly<Record<string, string>> = {
  'docker.io': 'registry-1.docker.io',
  'index.docker.io': 'registry-1.docker.io',
};

interface Remembered {
  readonly version: ChartVersion;
  readonly at: number;
}

/** True for `oci://…` and for a registry without a scheme, as Argo CD writes it for charts. */
export function isRegistry(url: string): boolean {
  return url.startsWith('oci://') || !/^[a-z][a-z0-9+.-]*:\/\//i.test(url);
}

export function createRegistries(deps: RepositoryDeps): RepositoryClient {
  const known = new Map<string, Remembered>();
  const resolve = async (question: ChartQuestion, options: ChartQueryOptions): Promise<ChartVersion> => {
    const key = JSON.stringify([repositoryKey(question.repository), question.chart, question.version]);
    const now = deps.clock.now();
    const remembered = known.get(key);
    const isRecent = remembered !== undefined && now.getTime() - remembered.at < deps.limits.maxAgeMs;
    if (isRecent && options.fresh !== true) return remembered.version;
    const registry = openRegistry(deps, question, options);
    const tag = await findTag(registry, question);
    const { digest } = await readManifest(registry, tag);
    const version = { version: toVersion(tag), digest, resolvedAt: now };
    known.delete(key);
    known.set(key, { version, at: now.getTime() });
    for (const oldest of known.keys()) {
      if (known.size <= MAX_REMEMBERED) break;
      known.delete(oldest);
    }
    return version;
  };
  return {
    resolve,
    fetch: async (question, options) => {
      const { version, digest = '' } = await resolve(question, options);
      return fetchChart({ deps, question, version, digest }, options);
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
  const registry = openRegistry(deps, question, options);
  const { layer } = await readManifest(registry, `sha256:${digest}`);
  const url = `${registry.base}/blobs/${layer}`;
  const answer = await registry.get(url, { maxBytes: deps.limits.maxArchiveBytes });
  checkStatus(answer.status, url, `archive of ${question.chart} ${version}`);
  const found = sha256(answer.body);
  if (`sha256:${found}` !== layer) {
    const message = `The registry sent another archive of ${question.chart} ${version} than its manifest names. Push the version again.`;
    throw new GitOpsError('ManifestGeneration', message);
  }
  await deps.store.set(name, answer.body);
  return { version, digest: found, bytes: answer.body };
}

interface Registry {
  /** `https://host/v2/<name>`. */
  readonly base: string;
  get(url: string, options?: { readonly accept?: string; readonly maxBytes?: number }): Promise<HttpAnswer>;
}

function openRegistry(
  deps: RepositoryDeps,
  { repository, chart }: ChartQuestion,
  { signal }: ChartQueryOptions,
): Registry {
  const place = /^(?:oci:\/\/)?([^/@\s]+)((?:\/[^/\s]+)*)\/*$/.exec(repository.url);
  const path = `${place?.[2] ?? ''}/${chart}`.slice(1);
  if (place === null || !/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(path)) {
    const next = 'Names in registries have small letters, digits, ".", "_", "-" and "/".';
    throw new GitOpsError('InvalidSpec', `"${repository.url}/${chart}" names nothing in a registry. ${next}`);
  }
  const host = HOSTS[place[1] ?? ''] ?? place[1];
  const base = `${repository.plainHttp === true ? 'http' : 'https'}://${host}/v2/${path}`;
  let authorization: string | undefined;
  return {
    base,
    get: async (url, { accept, maxBytes = MAX_MANIFEST_BYTES } = {}) => {
      const headers = accept === undefined ? {} : { accept };
      // Without the token nothing is sent at first: the registry says how it wants to be asked.
      const ask = (): Promise<HttpAnswer> =>
        deps.http.get({
          ...{ url, headers, maxBytes, signal, authorization: authorization ?? '' },
          repository: { ...repository, url: new URL(base).origin },
        });
      const first = await ask();
      if (first.status !== 401 || authorization !== undefined) return first;
      authorization = await authorize({ deps, repository, signal }, first.headers['www-authenticate'] ?? '', path);
      return authorization === undefined ? first : ask();
    },
  };
}

/** The root of the API answers 200 to who may use the registry; what is in it is not asked for. */
async function ping(deps: RepositoryDeps, repository: ChartRepository, signal: AbortSignal): Promise<void> {
  const registry = openRegistry(deps, { repository, chart: 'x', version: '' }, { signal });
  const url = `${new URL(registry.base).origin}/v2/`;
  const { status } = await registry.get(url);
  checkStatus(status, url, 'root of the registry');
}

interface Handshake {
  readonly deps: RepositoryDeps;
  readonly repository: ChartRepository;
  readonly signal: AbortSignal;
}

/** What a 401 asks for: basic credentials, or a token from the realm that it names. */
async function authorize(handshake: Handshake, challenge: string, path: string): Promise<string | undefined> {
  const { deps, repository, signal } = handshake;
  const hasCredentials = Boolean(repository.username || repository.password);
  if (/^basic\b/i.test(challenge)) return hasCredentials ? basicAuthorization(repository) : undefined;
  const url = tokenUrl(challenge, `repository:${path}:pull`, repository);
  if (url === undefined) return undefined;
  const answer = await deps.http.get({
    url: url.href,
    // The realm is often another host: the registry itself sends its users there.
    repository: { ...repository, url: url.origin },
    maxBytes: MAX_MANIFEST_BYTES,
    signal,
  });
  checkStatus(answer.status, url.href, 'token for the registry');
  const body = readJson(answer.body, url.host);
  const token = body['token'] ?? body['access_token'];
  return typeof token === 'string' ? `Bearer ${token}` : undefined;
}

/** @throws GitOpsError Upstream when the credentials would travel unencrypted. */
function tokenUrl(challenge: string, scope: string, repository: ChartRepository): URL | undefined {
  const fields = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
  const realm = fields.get('realm') ?? '';
  if (!/^bearer\b/i.test(challenge) || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  const isSafe = url.protocol === 'https:' || (repository.plainHttp === true && url.protocol === 'http:');
  if (!isSafe)
    throw new GitOpsError('Upstream', `The registry wants credentials for ${url.origin}, which is not https.`);
  url.searchParams.set('scope', fields.get('scope') ?? scope);
  const service = fields.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  return url;
}

async function findTag(registry: Registry, question: ChartQuestion): Promise<string> {
  if (/^sha256:[0-9a-f]{64}$/.test(question.version)) return question.version;
  if (!isVersionRange(question.version)) return question.version.replaceAll('+', '_');
  const versions = (await listTags(registry)).map(toVersion);
  const version = maxVersion(question.version, versions);
  if (version === undefined) throw notFound(question, versions);
  return version.replaceAll('+', '_');
}

/** Tags cannot hold a `+`. */
function toVersion(tag: string): string {
  return tag.startsWith('sha256:') ? tag : tag.replaceAll('_', '+');
}

async function listTags(registry: Registry): Promise<readonly string[]> {
  const tags: string[] = [];
  let url = `${registry.base}/tags/list?n=1000`;
  for (let page = 0; page < MAX_TAG_PAGES; page += 1) {
    const { status, body, headers } = await registry.get(url);
    checkStatus(status, url, 'list of versions');
    const list = readJson(body, registry.base)['tags'];
    if (Array.isArray(list)) tags.push(...list.filter((tag) => typeof tag === 'string'));
    const next = /<([^>]+)>;\s*rel="?next"?/.exec(headers['link'] ?? '')?.[1];
    if (next === undefined) return tags;
    url = new URL(next, url).href;
    if (new URL(url).origin !== new URL(registry.base).origin) return tags;
  }
  return tags;
}

interface ChartManifest {
  /** Of the manifest, hex. */
  readonly digest: string;
  /** Digest of the archive, with its algorithm. */
  readonly layer: string;
}

async function readManifest(registry: Registry, reference: string): Promise<ChartManifest> {
  const url = `${registry.base}/manifests/${encodeURIComponent(reference).replace('%3A', ':')}`;
  const { status, body } = await registry.get(url, { accept: MANIFEST_TYPE });
  checkStatus(status, url, `chart with the version ${toVersion(reference)}`);
  const digest = sha256(body);
  if (reference.startsWith('sha256:') && reference !== `sha256:${digest}`) {
    throw new GitOpsError('Upstream', `The registry sent another manifest than ${reference}.`);
  }
  const layers = readJson(body, registry.base)['layers'];
  const chart = (Array.isArray(layers) ? layers : []).find(isChartLayer);
  if (chart === undefined) {
    const message = `${registry.base.replace('/v2/', '/')} ${toVersion(reference)} is no Helm chart. Check chart and targetRevision.`;
    throw new GitOpsError('ManifestGeneration', message);
  }
  return { digest, layer: chart.digest };
}

function isChartLayer(layer: unknown): layer is { readonly digest: string } {
  if (typeof layer !== 'object' || layer === null) return false;
  const { mediaType, digest } = layer as { mediaType?: unknown; digest?: unknown };
  return CHART_LAYERS.includes(String(mediaType)) && /^sha256:[0-9a-f]{64}$/.test(String(digest));
}

function readJson(body: Uint8Array, from: string): Readonly<Record<string, unknown>> {
  try {
    const value = parseJson(new TextDecoder().decode(body));
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new GitOpsError('Upstream', `${from} did not answer as a registry does. Check the repository's URL.`);
}
