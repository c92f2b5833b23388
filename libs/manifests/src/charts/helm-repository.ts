/** Helm repositories: index.yaml over HTTP, revalidated by its ETag, and the archives that it names (A09, B14). */
import { createHash } from 'node:crypto';
import { GitOpsError } from '@tiphys/model';
import { maxVersion } from '@tiphys/model/versions';
import type { Clock } from '@tiphys/runtime';
import { isNewEnough, staleReason } from './answers.js';
import type { HttpClient } from './http.js';
import { chartVersions, type IndexEntry, listCharts } from './index-file.js';
import type { ChartArchive, ChartClient, ChartQueryOptions, ChartQuestion, ChartRepository } from './ports.js';
import { createRecentFailures, type RecentFailures } from './recent-failures.js';
import type { ChartStore } from './store.js';

export interface RepositoryDeps {
  readonly http: HttpClient;
  readonly store: ChartStore;
  readonly clock: Clock;
  readonly limits: ChartLimits;
}

export interface ChartLimits {
  readonly maxIndexBytes: number;
  readonly maxArchiveBytes: number;
  /** How long an answer of a host is used without asking again. */
  readonly maxAgeMs: number;
}

interface Index {
  readonly digest: string;
  readonly etag: string | undefined;
  readonly checkedAt: Date;
}

interface CheckedIndex {
  readonly text: string;
  readonly index: Index;
  readonly stale?: string;
}

/** What every kind of repository can do. */
export type RepositoryClient = Omit<ChartClient, 'fetchFile'>;

const MAX_KNOWN = 1_000;

/** Indexes may name archives in registries: those are fetched there. */
export function createHelmRepositories(deps: RepositoryDeps, registries: RepositoryClient): RepositoryClient {
  const indexes = new Map<string, Index>();
  const failures = createRecentFailures(deps.clock);
  const known = { deps, indexes, failures };
  const find = async (question: ChartQuestion, options: ChartQueryOptions) => {
    const { text, index, stale } = await readIndex({ ...known, repository: question.repository }, options);
    const origin = indexUrl(question.repository);
    const entries = chartVersions(text, question.chart, origin);
    const version = maxVersion(
      question.version,
      entries.map((entry) => entry.version),
    );
    const entry = entries.find((candidate) => candidate.version === version);
    if (entry === undefined)
      throw notFound(
        question,
        entries.map((candidate) => candidate.version),
      );
    return { entry, index, ...(stale === undefined ? {} : { stale }) };
  };
  return {
    resolve: async (question, options) => {
      const { entry, index, ...rest } = await find(question, options);
      return { version: entry.version, digest: entry.digest || undefined, resolvedAt: index.checkedAt, ...rest };
    },
    fetch: async (question, options) => {
      const { entry } = await find(question, options);
      const elsewhere = registryQuestion(entry, question.repository);
      if (elsewhere === undefined) return fetchArchive(deps, { question, entry }, options);
      return { ...(await registries.fetch(elsewhere, options)), version: entry.version };
    },
    list: async (repository, signal) => {
      const { text } = await readIndex({ ...known, repository }, { signal });
      return listCharts(text, indexUrl(repository));
    },
    test: async (repository, signal) => {
      await readIndex({ ...known, repository }, { signal, fresh: true });
    },
  };
}

interface IndexRequest {
  readonly deps: RepositoryDeps;
  readonly indexes: Map<string, Index>;
  readonly failures: RecentFailures;
  readonly repository: ChartRepository;
}

async function readIndex(request: IndexRequest, options: ChartQueryOptions): Promise<CheckedIndex> {
  const { deps, indexes, failures, repository } = request;
  const key = repositoryKey(repository);
  const held = await heldIndex(deps.store, key, indexes.get(key));
  const { maxAgeMs } = deps.limits;
  if (held !== undefined && isNewEnough(held.index.checkedAt, options, { now: deps.clock.now(), maxAgeMs }))
    return held;
  try {
    const failed = options.fresh === true ? undefined : failures.get(key);
    if (failed !== undefined) throw failed;
    const index = await askForIndex({ request, key, held }, options);
    failures.forget(key);
    return index;
  } catch (error) {
    const isHostFailure = failures.get(key) === error || failures.note(key, error);
    if (held === undefined || options.fresh === true || !isHostFailure) throw error;
    return { ...held, stale: staleReason(error, held.index.checkedAt, 'index') };
  }
}

async function heldIndex(store: ChartStore, key: string, index: Index | undefined): Promise<CheckedIndex | undefined> {
  const stored = index === undefined ? undefined : await store.get(`index ${key} ${index.digest}`);
  return index === undefined || stored === undefined ? undefined : { text: decode(stored), index };
}

interface IndexQuestion {
  readonly request: IndexRequest;
  readonly key: string;
  readonly held: CheckedIndex | undefined;
}

async function askForIndex(
  { request, key, held }: IndexQuestion,
  { signal }: ChartQueryOptions,
): Promise<CheckedIndex> {
  const { deps, indexes, repository } = request;
  const url = indexUrl(repository);
  const checkedAt = deps.clock.now();
  const { status, headers, body } = await deps.http.get({
    ...{ url, repository, signal, compressed: true, maxBytes: deps.limits.maxIndexBytes },
    ...(held?.index.etag === undefined ? {} : { headers: { 'if-none-match': held.index.etag } }),
  });
  const remember = (index: Index): Index => {
    indexes.delete(key);
    indexes.set(key, index);
    for (const oldest of indexes.keys()) {
      if (indexes.size <= MAX_KNOWN) break;
      indexes.delete(oldest);
    }
    return index;
  };
  if (status === 304 && held !== undefined) return { text: held.text, index: remember({ ...held.index, checkedAt }) };
  checkStatus(status, url, 'index of the Helm repository');
  const index = remember({ digest: sha256(body), etag: headers['etag'], checkedAt });
  await deps.store.set(`index ${key} ${index.digest}`, body);
  return { text: decode(body), index };
}

interface WantedArchive {
  readonly question: ChartQuestion;
  readonly entry: IndexEntry;
}

/** Kept under the repository's name too: who may read another repository must not get this one's charts by naming a digest. */
async function fetchArchive(
  { http, store, limits }: RepositoryDeps,
  { question, entry }: WantedArchive,
  { signal }: ChartQueryOptions,
): Promise<ChartArchive> {
  const { repository, chart } = question;
  const name = `archive ${repositoryKey(repository)} ${entry.digest}`;
  const stored = entry.digest === '' ? undefined : await store.get(name);
  if (stored !== undefined && sha256(stored) === entry.digest) {
    return { version: entry.version, digest: entry.digest, bytes: stored };
  }
  const url = archiveUrl(entry, repository);
  const { status, body } = await http.get({ url, repository, signal, maxBytes: limits.maxArchiveBytes });
  checkStatus(status, url, `archive of ${chart} ${entry.version}`);
  const digest = sha256(body);
  if (entry.digest !== '' && digest !== entry.digest) {
    const what = `${chart} ${entry.version} has the digest ${digest}, but the index names ${entry.digest}`;
    throw new GitOpsError('ManifestGeneration', `${what}. Somebody changed one of them: publish the version again.`);
  }
  if (entry.digest !== '') await store.set(name, body);
  return { version: entry.version, digest, bytes: body };
}

/** `oci://registry/path/chart:version`, as large publishers write it. Without passCredentials the registry sees none. */
function registryQuestion({ urls, version }: IndexEntry, repository: ChartRepository): ChartQuestion | undefined {
  const match = /^(oci:\/\/[^\s:]+(?::\d+)?(?:\/[^\s/:@]+)*)\/([^\s/:@]+)(?::([^\s/:@]+))?$/.exec(urls[0] ?? '');
  if (match === null) return undefined;
  const [, url = '', chart = '', tag = version] = match;
  const { username: _username, password: _password, bearerToken: _token, ...open } = repository;
  return { repository: { ...(repository.passCredentials === true ? repository : open), url }, chart, version: tag };
}

function archiveUrl({ urls }: IndexEntry, repository: ChartRepository): string {
  const base = `${repository.url.replace(/\/+$/, '')}/`;
  const [first = ''] = urls;
  if (!URL.canParse(first, base)) {
    throw new GitOpsError(
      'ManifestGeneration',
      `The index of ${base} names the unusable URL "${first.slice(0, 200)}".`,
    );
  }
  return new URL(first, base).href;
}

function indexUrl({ url }: ChartRepository): string {
  return `${url.replace(/\/+$/, '')}/index.yaml`;
}

/** Of everything that reaching it depends on: what one user may see, or trusts, is not given to another. */
export function repositoryKey({ name: _name, passCredentials: _pass, url, ...access }: ChartRepository): string {
  const sorted = Object.entries(access).sort(([a], [b]) => (a < b ? -1 : 1));
  return sha256(Buffer.from(JSON.stringify([url.replace(/\/+$/, ''), sorted])));
}

/** @throws GitOpsError for anything but 200. */
export function checkStatus(status: number, url: string, what: string): void {
  if (status === 200) return;
  const { host } = new URL(url);
  if (status === 401 || status === 403) {
    const next = 'Give the repository Secret the right username and password.';
    throw new GitOpsError('Upstream', `${host} refuses the ${what} (${status}). ${next}`);
  }
  const problem = status === 404 ? 'has no' : `answered ${status} when asked for the`;
  throw new GitOpsError('ManifestGeneration', `${host} ${problem} ${what}. Check repoURL, chart and targetRevision.`);
}

export function notFound({ chart, version, repository }: ChartQuestion, versions: readonly string[]): GitOpsError {
  const shown = versions.slice(0, 5).join(', ');
  const what =
    versions.length === 0
      ? `has no chart "${chart}". Check the name of the chart`
      : `has no version of ${chart} that is "${version}", but for example ${shown}. Correct targetRevision`;
  return new GitOpsError('ManifestGeneration', `The repository ${repository.url} ${what}.`);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
