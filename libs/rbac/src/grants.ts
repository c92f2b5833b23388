/**
 * What one subject may do. Argo CD asks Casbin for the default role, then the user, then each group by itself: `deny` wins
 * within the rules of one name and its roles, but what another name grants stays granted.
 */
import type { AppProject } from '@tiphys/model';
import { createPlan, type Plan, type RuleSet } from './plan.js';
import { type PolicyIndex, rulesOf, withRoles } from './policy-index.js';
import { projectOfSubject, type RbacRequest, requestProject } from './request-project.js';

export interface Grants {
  /** `project`: its roles count, too, where the request is about an object of it. */
  allows(request: RbacRequest, project?: AppProject): boolean;
}

export interface GrantsDeps {
  readonly installation: readonly PolicyIndex[];
  readonly projectIndex: (project: AppProject) => PolicyIndex;
  readonly defaultRole: string | undefined;
}

type Names = { readonly name: string; readonly groups: readonly string[] };
type Decide = (request: RbacRequest) => boolean;

export function createGrants(subject: Names, deps: GrantsDeps): Grants {
  const { installation, defaultRole } = deps;
  const own = projectOfSubject(subject.name);
  const everybody = plansOf(() => defaultRules(defaultRole, installation));
  const elsewhere = plansOf(() => namesOf(subject, installation).map((name) => ruleSet(name, installation)));
  const roles = rolesReader(installation);
  const inProjects = new WeakMap<AppProject, Decide>();
  const decisionIn = (project: AppProject): Decide => {
    const known = inProjects.get(project) ?? projectDecision(subject, project, { ...deps, elsewhere, roles });
    inProjects.set(project, known);
    return known;
  };
  return {
    allows(request, mentioned) {
      if (defaultRole !== undefined && everybody(request).permits(request.object)) return true;
      const project = mentioned?.metadata.name === requestProject(request) ? mentioned : undefined;
      if (project === undefined) return elsewhere(request).permits(request.object);
      return (own === undefined || own === project.metadata.name) && decisionIn(project)(request);
    },
  };
}

interface ProjectDeps extends GrantsDeps {
  readonly elsewhere: Plans;
  readonly roles: (name: string) => ReadonlySet<string>;
}

/** Names that the project says nothing about mean the same in it as elsewhere; only the others are read again. */
function projectDecision(subject: Names, project: AppProject, deps: ProjectDeps): Decide {
  const index = deps.projectIndex(project);
  const indexes = [...deps.installation, index];
  if (projectOfSubject(subject.name) !== undefined) {
    // A token of a project speaks for its role alone.
    const names = [...(deps.defaultRole === undefined ? [] : [deps.defaultRole]), subject.name];
    const plans = plansOf(() => names.map((name) => ruleSet(name, indexes)));
    return (request) => plans(request).permits(request.object);
  }
  const isConcerned = (name: string) =>
    [...deps.roles(name)].some((role) => index.roles.has(role) || index.rules.has(role));
  const names = [...(deps.defaultRole === undefined ? [] : [deps.defaultRole]), ...namesOf(subject, indexes)];
  const concerned = new Set(names.filter(isConcerned));
  const plans = plansOf(() => [...concerned].map((name) => ruleSet(name, indexes)));
  return (request) =>
    deps.elsewhere(request).permits(request.object, concerned) || plans(request).permits(request.object);
}

function rolesReader(indexes: readonly PolicyIndex[]): (name: string) => ReadonlySet<string> {
  const known = new Map<string, ReadonlySet<string>>();
  return (name) => {
    const roles = known.get(name) ?? withRoles(name, indexes);
    known.set(name, roles);
    return roles;
  };
}

function defaultRules(role: string | undefined, indexes: readonly PolicyIndex[]): readonly RuleSet[] {
  return role === undefined ? [] : [ruleSet(role, indexes)];
}

function ruleSet(name: string, indexes: readonly PolicyIndex[]): RuleSet {
  return { name, rules: rulesOf(withRoles(name, indexes), indexes) };
}

/**
 * A group counts only where a `g` line gives it a role, as in Argo CD: rules for a group that has none have no effect
 * (argo-cd#7952). An anonymous user has no name.
 */
function namesOf({ name, groups }: Names, indexes: readonly PolicyIndex[]): readonly string[] {
  const counted = groups.filter((group) => indexes.some(({ roles }) => roles.has(group)));
  return [...new Set(name === '' ? counted : [name, ...counted])];
}

type Plans = (request: RbacRequest) => Plan;

/** Callers choose the action of `action/…` and the like. */
const MAX_PLANS = 500;

function plansOf(ruleSets: () => readonly RuleSet[]): Plans {
  let rules: readonly RuleSet[] | undefined;
  const plans = new Map<string, Plan>();
  return (request) => {
    const key = `${request.resource} ${request.action}`;
    const known = plans.get(key);
    if (known !== undefined) return known;
    rules ??= ruleSets();
    const plan = createPlan(rules, request);
    if (plans.size >= MAX_PLANS) plans.clear();
    plans.set(key, plan);
    return plan;
  };
}
