/** The project as its applications see it: with what it inherits (F08) and the clusters that belong to it (F07). */
import type { AppProject, GlobalProject } from '@tiphys/model';
import { globalProjectsOf, withGlobalProjects } from './global-projects.js';

export interface ProjectCluster {
  readonly server: string;
  readonly name: string;
  /** The project that the cluster's Secret names. */
  readonly project?: string;
}

export interface EffectiveProject extends AppProject {
  /** Only these are permitted when the project says `permitOnlyProjectScopedClusters`; none when nobody looked. */
  readonly projectClusters?: readonly ProjectCluster[];
}

export interface EffectiveProjectSources {
  readonly get: (name: string) => AppProject | undefined;
  /** The same array until the settings change. */
  readonly globalProjects: () => readonly GlobalProject[];
  readonly clusters: () => readonly ProjectCluster[];
}

export interface EffectiveProjects {
  get(name: string): EffectiveProject | undefined;
  /** Also of a project that is not stored yet. */
  of(project: AppProject): EffectiveProject;
  /** Whether decisions about the applications of `project` depend on the project `other`. */
  dependsOn(project: string, other: string): boolean;
}

export function createEffectiveProjects(sources: EffectiveProjectSources): EffectiveProjects {
  const known = new WeakMap<AppProject, Known>();
  const globalsOf = (project: AppProject) =>
    globalProjectsOf(project, { globalProjects: sources.globalProjects(), get: sources.get });
  const of = (project: AppProject): EffectiveProject => {
    const inputs = [...globalsOf(project), sources.clusters()];
    const last = known.get(project);
    if (last !== undefined && isSame(last.inputs, inputs)) return last.result;
    const result = effective(project, sources.clusters(), globalsOf(project));
    known.set(project, { inputs, result });
    return result;
  };
  return {
    of,
    get: (name) => {
      const project = sources.get(name);
      return project === undefined ? undefined : of(project);
    },
    dependsOn: (name, other) => {
      if (name === other) return true;
      const project = sources.get(name);
      return project !== undefined && globalsOf(project).some(({ metadata }) => metadata.name === other);
    },
  };
}

interface Known {
  readonly inputs: readonly unknown[];
  readonly result: EffectiveProject;
}

function isSame(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index]);
}

function effective(
  project: AppProject,
  clusters: readonly ProjectCluster[],
  globals: readonly AppProject[],
): EffectiveProject {
  const merged = withGlobalProjects(project, globals);
  if (merged.spec.permitOnlyProjectScopedClusters !== true) return merged;
  return { ...merged, projectClusters: clusters.filter((cluster) => cluster.project === project.metadata.name) };
}
