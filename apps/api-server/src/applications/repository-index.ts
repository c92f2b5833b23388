/** Which applications use a repository: kept up to date by the store, so that a webhook never scans all applications. */
import { type AppKey, type Application, sourcesOf } from '@tiphys/model';
import { repositoryKey } from './repository-key.js';
import type { ApplicationEntry, ApplicationStore } from './store.js';

export interface RepositoryIndex {
  /** Applications with a source in one of the repositories, each once. */
  find(repositoryUrls: readonly string[]): readonly ApplicationEntry[];
}

export function createRepositoryIndex(store: ApplicationStore): RepositoryIndex {
  const byRepository = new Map<string, Set<AppKey>>();
  const add = (entry: ApplicationEntry): void => {
    for (const key of repositoriesOf(entry.application)) {
      const keys = byRepository.get(key) ?? new Set();
      byRepository.set(key, keys.add(entry.key));
    }
  };
  const remove = (entry: ApplicationEntry): void => {
    for (const key of repositoriesOf(entry.application)) {
      const keys = byRepository.get(key);
      keys?.delete(entry.key);
      if (keys?.size === 0) byRepository.delete(key);
    }
  };
  for (const entry of store.list()) add(entry);
  store.subscribe(({ type, entry, previous }) => {
    if (previous !== undefined) remove(previous);
    if (type !== 'DELETED') add(entry);
  });
  return {
    find: (urls) => {
      const keys = new Set(urls.flatMap((url) => [...(byRepository.get(repositoryKey(url)) ?? [])]));
      return [...keys].flatMap((key) => store.get(key) ?? []);
    },
  };
}

function repositoriesOf({ spec }: Application): ReadonlySet<string> {
  const { drySource, syncSource } = spec.sourceHydrator ?? {};
  const urls = [...sourcesOf(spec).map((source) => source.repoURL), drySource?.repoURL, syncSource?.repoURL];
  return new Set(urls.flatMap((url) => (url ? [repositoryKey(url)] : [])));
}
