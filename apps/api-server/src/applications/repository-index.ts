/** Which sources lie in a repository: kept up to date by the store, so that a webhook never scans all applications. */
import { type AppKey, type Application, type ApplicationSource, sourcesOf } from '@tiphys/model';
import { repositoryKey } from './repository-key.js';
import type { ApplicationEntry, ApplicationStore } from './store.js';

export interface UsingApplication {
  readonly entry: ApplicationEntry;
  /** Its sources in one of the repositories that were asked for. */
  readonly sources: readonly ApplicationSource[];
}

export interface RepositoryIndex {
  /** Applications with a source in one of the repositories, each once. What this costs depends on what is found only. */
  find(repositoryUrls: readonly string[]): readonly UsingApplication[];
}

type Users = Map<AppKey, readonly ApplicationSource[]>;

export function createRepositoryIndex(store: Pick<ApplicationStore, 'get' | 'list' | 'subscribe'>): RepositoryIndex {
  const byRepository = new Map<string, Users>();
  const used = new Map<AppKey, readonly string[]>();
  const add = ({ key, application }: ApplicationEntry): void => {
    const byKey = sourcesByRepository(application);
    used.set(key, [...byKey.keys()]);
    for (const [repository, sources] of byKey) {
      const users: Users = byRepository.get(repository) ?? new Map();
      byRepository.set(repository, users.set(key, sources));
    }
  };
  const remove = ({ key }: ApplicationEntry): void => {
    for (const repository of used.get(key) ?? []) {
      const users = byRepository.get(repository);
      users?.delete(key);
      if (users?.size === 0) byRepository.delete(repository);
    }
    used.delete(key);
  };
  for (const entry of store.list()) add(entry);
  store.subscribe(({ type, entry, previous }) => {
    // Most changes are of the status: the sources stay, but the objects they are in are new ones.
    if (previous !== undefined) remove(previous);
    if (type !== 'DELETED') add(entry);
  });
  return {
    find: (urls) => {
      const found = new Map<AppKey, Set<ApplicationSource>>();
      for (const repository of new Set(urls.map(repositoryKey))) {
        for (const [key, sources] of byRepository.get(repository) ?? []) {
          const known = found.get(key) ?? new Set();
          for (const source of sources) known.add(source);
          found.set(key, known);
        }
      }
      return [...found].flatMap(([key, sources]) => {
        const entry = store.get(key);
        return entry === undefined ? [] : [{ entry, sources: [...sources] }];
      });
    },
  };
}

function sourcesByRepository(application: Application): ReadonlyMap<string, readonly ApplicationSource[]> {
  const byRepository = new Map<string, ApplicationSource[]>();
  for (const source of watchedSources(application)) {
    for (const repository of new Set(addressesOf(source).map(repositoryKey))) {
      byRepository.set(repository, [...(byRepository.get(repository) ?? []), source]);
    }
  }
  return byRepository;
}

/** Of a chart also the chart itself, which is what registries name (J02). */
function addressesOf({ repoURL, chart }: ApplicationSource): readonly string[] {
  if (!repoURL) return [];
  if (!chart) return [repoURL];
  // A registry of charts may be written without a scheme.
  const address = repoURL.includes('://') ? repoURL : `oci://${repoURL}`;
  return [address, `${address.replace(/\/+$/, '')}/${chart}`];
}

/** Sources of the spec, and what a hydrated application renders from and is read from (A34). */
function watchedSources({ spec }: Application): readonly ApplicationSource[] {
  if (spec.sourceHydrator === undefined) return sourcesOf(spec);
  const { drySource, syncSource } = spec.sourceHydrator;
  const synced = { repoURL: syncSource.repoURL ?? drySource.repoURL, targetRevision: syncSource.targetBranch };
  return [drySource, { ...synced, path: syncSource.path }];
}
