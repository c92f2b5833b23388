/** Projects as their applications see them, for every check of an application (F07, F08). */
import { createEffectiveProjects, type EffectiveProjects } from '@tiphys/gitops-engine';
import type { ProjectReader } from '../applications/deps.js';
import type { LiveSettings } from './config-objects.js';

type Settings = Pick<LiveSettings, 'server' | 'clusters'>;

/** `get` is with what a project inherits and with its own clusters; `list` is as stored. */
export function effectiveProjects(stored: ProjectReader, settings: Settings): ProjectReader {
  const { get } = projectRules(stored, settings);
  return {
    get,
    list: () => stored.list(),
    get version() {
      return stored.version;
    },
  };
}

export function projectRules(stored: Pick<ProjectReader, 'get'>, settings: Settings): EffectiveProjects {
  return createEffectiveProjects({
    get: (name) => stored.get(name),
    globalProjects: () => settings.server().globalProjects,
    clusters: () => settings.clusters(),
  });
}
