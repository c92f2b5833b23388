/** A repository as the repo-server takes it: URL and what the project may use to reach it (G09, G10). */
import { type RepositoryConnection, repositoryConnection } from '@tiphys/settings';
import type { LiveSettings } from '../kube/config-objects.js';

export type RepositoryAccess = (url: string, project: string) => RepositoryConnection;

export function createRepositoryAccess(settings: Pick<LiveSettings, 'repositories' | 'configMap'>): RepositoryAccess {
  return (url, project) =>
    repositoryConnection(
      { url, project },
      { repositories: settings.repositories(), configMap: (name) => settings.configMap(name as never) },
    );
}
