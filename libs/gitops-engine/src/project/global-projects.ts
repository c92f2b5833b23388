/** Global projects (F08): what every project with certain labels inherits. */
import type { AppProject, AppProjectSpec, GlobalProject, LabelSelector } from '@tiphys/model';

export interface GlobalProjectSources {
  /** `globalProjects` of argocd-cm, in its order. */
  readonly globalProjects: readonly GlobalProject[];
  readonly get: (name: string) => AppProject | undefined;
}

/** The global projects that this project inherits from; never itself, and none that does not exist. */
export function globalProjectsOf(project: AppProject, sources: GlobalProjectSources): readonly AppProject[] {
  const { name, labels = {} } = project.metadata;
  const names = sources.globalProjects
    .filter(({ projectName, labelSelector }) => projectName !== name && matchesLabels(labelSelector, labels))
    .map(({ projectName }) => projectName);
  return [...new Set(names)].flatMap((global) => sources.get(global) ?? []);
}

const INHERITED = [
  'clusterResourceWhitelist',
  'clusterResourceBlacklist',
  'namespaceResourceWhitelist',
  'namespaceResourceBlacklist',
  'syncWindows',
  'sourceRepos',
  'destinations',
  'destinationServiceAccounts',
] as const satisfies readonly (keyof AppProjectSpec)[];

/** The project as its applications see it: the lists of the global projects follow its own. */
export function withGlobalProjects(project: AppProject, globals: readonly AppProject[]): AppProject {
  if (globals.length === 0) return project;
  const lists = INHERITED.flatMap((field) => {
    const entries = [project, ...globals].flatMap(({ spec }): readonly unknown[] => spec[field] ?? []);
    return entries.length === 0 ? [] : [[field, unique(entries)] as const];
  });
  return { ...project, spec: { ...project.spec, ...Object.fromEntries(lists) } };
}

/**
 * Takes out what a client copied from the project as its applications see it: inherited entries, unless `stored` has them
 * as its own.
 */
export function withoutInherited(
  project: AppProject,
  globals: readonly AppProject[],
  stored: AppProject | undefined,
): AppProject {
  const lists = INHERITED.flatMap((field) => {
    const entries: readonly unknown[] | undefined = project.spec[field];
    if (entries === undefined) return [];
    const keysOf = (spec: AppProjectSpec | undefined) => (spec?.[field] ?? []).map((entry) => JSON.stringify(entry));
    const inherited = new Set(globals.flatMap(({ spec }) => keysOf(spec)));
    const own = new Set(keysOf(stored?.spec));
    const isOwn = (key: string) => own.has(key) || !inherited.has(key);
    return [[field, entries.filter((entry) => isOwn(JSON.stringify(entry)))] as const];
  });
  return { ...project, spec: { ...project.spec, ...Object.fromEntries(lists) } };
}

function unique(entries: readonly unknown[]): readonly unknown[] {
  return [...new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()];
}

/** An empty selector matches everything, an operator that nobody knows nothing. */
export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector;
  const hasAll = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return hasAll && matchExpressions.every((expression) => matchesExpression(expression, labels));
}

type Expression = NonNullable<LabelSelector['matchExpressions']>[number];

function matchesExpression(
  { key, operator, values = [] }: Expression,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
