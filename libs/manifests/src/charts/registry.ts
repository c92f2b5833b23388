/** Registries of the distribution API: tags, manifests and blobs, with the token handshake (A09, B27). */
import { GitOpsError } from '@tiphys/model';
import { parseJson } from '@tiphys/model/yaml';
import { checkStatus, type RepositoryDeps, sha256 } from './helm-repository.js';
import { basicAuthorization, type HttpAnswer } from './http.js';
import type { ChartRepository } from './ports.js';

const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_TAG_PAGES = 100;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Names of registries that are reached by another one. */
const HOSTS: Readonly<Record<string, string>> = {
  'docker.io': 'registry-1.docker.io',
  'index.docker.io': 'registry-1.docker.io',
};

/** True for `oci://…` and for a registry without a scheme, as Argo CD writes it for charts. */
export function isRegistry(url: string): boolean {
  return url.startsWith('oci://') || !/^[a-z][a-z0-9+.-]*:\/\//i.test(url);
}

/** True for `sha256:` and 64 hex digits: what it names cannot change. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** One name in a registry. */
export interface Registry {
  /** `https://host/v2/<name>`. */
  readonly base: string;
  get(url: string, options?: { readonly accept?: string; readonly maxBytes?: number }): Promise<HttpAnswer>;
}

export interface RegistryPlace {
  readonly deps: Pick<RepositoryDeps, 'http'>;
  readonly repository: ChartRepository;
  /** Below the repository's URL; empty: the URL names it all. */
  readonly name: string;
}

/** @throws GitOpsError InvalidSpec for a text that can be no name in a registry. */
export function openRegistry({ deps, repository, name }: RegistryPlace, signal: AbortSignal): Registry {
  const place = /^(?:oci:\/\/)?([^/@\s]+)((?:\/[^/\s]+)*)\/*$/.exec(repository.url);
  const path = [place?.[2]?.slice(1) ?? '', name].filter((part) => part !== '').join('/');
  if (place === null || !/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(path)) {
    const next = 'Names in registries have small letters, digits, ".", "_", "-" and "/".';
    const shown = name === '' ? repository.url : `${repository.url}/${name}`;
    throw new GitOpsError('InvalidSpec', `"${shown.slice(0, 200)}" names nothing in a registry. ${next}`);
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
export async function ping(
  deps: RegistryPlace['deps'],
  repository: ChartRepository,
  signal: AbortSignal,
): Promise<void> {
  const registry = openRegistry({ deps, repository, name: 'x' }, signal);
  const url = `${new URL(registry.base).origin}/v2/`;
  const { status } = await registry.get(url);
  checkStatus(status, url, 'root of the registry');
}

interface Handshake {
  readonly deps: RegistryPlace['deps'];
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

/** All of them, at most a hundred pages. */
export async function listTags(registry: Registry): Promise<readonly string[]> {
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

export interface RegistryManifest {
  /** `sha256:…`, of the bytes. */
  readonly digest: string;
  readonly bytes: Uint8Array;
  readonly content: Readonly<Record<string, unknown>>;
}

export interface ManifestWish {
  /** A tag or a digest. */
  readonly reference: string;
  /** Names it in messages. */
  readonly what: string;
}

/** Undefined when the registry has no such reference. @throws GitOpsError Upstream when it answers another manifest than asked for. */
export async function findManifest(
  registry: Registry,
  { reference, what }: ManifestWish,
): Promise<RegistryManifest | undefined> {
  const url = `${registry.base}/manifests/${encodeURIComponent(reference).replace('%3A', ':')}`;
  const { status, body } = await registry.get(url, { accept: MANIFEST_TYPES });
  if (status === 404) return undefined;
  checkStatus(status, url, what);
  const digest = `sha256:${sha256(body)}`;
  if (isDigest(reference) && reference !== digest) {
    throw new GitOpsError('Upstream', `The registry sent another manifest than ${reference}.`);
  }
  return { digest, bytes: body, content: readJson(body, registry.base) };
}

/** A manifest that was kept. */
export function readManifestBytes(bytes: Uint8Array, from: string): RegistryManifest {
  return { digest: `sha256:${sha256(bytes)}`, bytes, content: readJson(bytes, from) };
}

export interface BlobWish {
  /** `sha256:…`. */
  readonly digest: string;
  readonly maxBytes: number;
  readonly what: string;
}

/** @throws GitOpsError ManifestGeneration when what comes is not what the digest names. */
export async function readBlob(registry: Registry, { digest, maxBytes, what }: BlobWish): Promise<Uint8Array> {
  const url = `${registry.base}/blobs/${digest}`;
  const { status, body } = await registry.get(url, { maxBytes });
  checkStatus(status, url, what);
  if (`sha256:${sha256(body)}` === digest) return body;
  const message = `The registry sent another ${what} than its manifest names. Push the version again.`;
  throw new GitOpsError('ManifestGeneration', message);
}

/** Tags cannot hold the `+` of a version. */
export function toTag(version: string): string {
  return version.replaceAll('+', '_');
}

export function toVersion(tag: string): string {
  return isDigest(tag) ? tag : tag.replaceAll('_', '+');
}

export interface Layer {
  readonly mediaType: string;
  /** `sha256:…`. */
  readonly digest: string;
}

/** Layers with a digest that can be checked. */
export function layersOf({ content }: RegistryManifest): readonly Layer[] {
  const layers: unknown = content['layers'];
  return (Array.isArray(layers) ? layers : []).flatMap((layer: unknown) => {
    if (typeof layer !== 'object' || layer === null) return [];
    const { mediaType, digest } = layer as { mediaType?: unknown; digest?: unknown };
    return isDigest(String(digest)) ? [{ mediaType: String(mediaType), digest: String(digest) }] : [];
  });
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
