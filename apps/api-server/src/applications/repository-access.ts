/** Repositories as the repo-server takes them: URL and what the project may use to reach them (G09, G10). */
import { CONFIG_OBJECTS } from '@tiphys/model';
import {
  parseRenderSettings,
  type RenderInputs,
  type RepositoryConnection,
  renderInputs,
  repositoryConnection,
} from '@tiphys/settings';
import type { LiveSettings } from '../kube/config-objects.js';
import type { ApplicationDeps } from './deps.js';

export interface RepositoryAccess {
  connection(url: string, project: string): RepositoryConnection;
  /** Installation settings, charts and permitted sources of a project, for rendering. */
  renderInputs(project: string): RenderInputs;
}

export function createRepositoryAccess(
  settings: Pick<LiveSettings, 'repositories' | 'configMap'>,
  projects: Pick<ApplicationDeps['projects'], 'get'>,
): RepositoryAccess {
  const sources = () => ({
    repositories: settings.repositories(),
    configMap: (name: string) => settings.configMap(name),
  });
  return {
    connection: (url, project) => repositoryConnection({ url, project }, sources()),
    renderInputs: (project) => {
      const [settingsCm, parameters] = [CONFIG_OBJECTS.settings, CONFIG_OBJECTS.parameters].map((name) =>
        settings.configMap(name),
      );
      const { settings: renderSettings } = parseRenderSettings(settingsCm ?? {}, parameters ?? {});
      return renderInputs(projects.get(project), { ...sources(), renderSettings });
    },
  };
}
