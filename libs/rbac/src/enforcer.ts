/**
 * The decision: subject and groups, through roles, to rules. The answers are Casbin's under Argo CD's model (docs/access.md);
 * the way to them is an index, because a list of applications asks thousands of times.
 */
import type { AppProject } from '@tiphys/model';
import { BUILT_IN_POLICY } from './built-in.js';
import { createGrants, type Grants, type GrantsDeps } from './grants.js';
import { createPatternCompiler, type OnMatch } from './pattern.js';
import { type PolicyProblem, parsePolicy } from './policy.js';
import { type Compiler, indexPolicy, type PolicyIndex, patternProblems } from './policy-index.js';
import { projectPolicy } from './project-policy.js';
import type { RbacRequest } from './request-project.js';
import type { RbacSettings } from './settings.js';

export interface RbacSubject {
  /** User name, token subject or `proj:<project>:<role>`; empty for anonymous users. */
  readonly name: string;
  readonly groups: readonly string[];
}

export interface Enforcer {
  /** Everything that is known of a subject; hold on to it for as long as the enforcer and many decisions cost little. */
  grantsOf(subject: RbacSubject): Grants;
  /** `project`: the one that the request belongs to, see `requestProject`. */
  allows(subject: RbacSubject, request: RbacRequest, project?: AppProject): boolean;
  /** Lines of the policy texts that have no effect. */
  readonly problems: readonly PolicyProblem[];
}

/** Who asks at the same time; others are compiled again. */
const MAX_SUBJECTS = 200;

export interface EnforcerOptions {
  readonly onMatch?: OnMatch;
  /** What of a project's roles has no effect; called when the project is first asked about. */
  readonly onProjectProblems?: (project: AppProject, problems: readonly PolicyProblem[]) => void;
}

export function createEnforcer(settings: RbacSettings, options: EnforcerOptions = {}): Enforcer {
  const { defaultRole, matchMode } = settings;
  const compiler: Compiler = { mode: matchMode, compile: createPatternCompiler(matchMode, options.onMatch) };
  const globs: Compiler = { mode: 'glob', compile: createPatternCompiler('glob', options.onMatch) };
  const parsed = settings.policyTexts.map(parsePolicy);
  // The built-in roles are globs in every mode: as regular expressions they would grant nothing.
  const builtIn = indexPolicy([parsePolicy(BUILT_IN_POLICY)], globs);
  const projects = new WeakMap<AppProject, PolicyIndex>();
  const indexProject = (project: AppProject): PolicyIndex => {
    const policy = projectPolicy(project);
    const problems = [...policy.problems, ...patternProblems(policy, compiler)];
    if (problems.length > 0) options.onProjectProblems?.(project, problems);
    return indexPolicy([policy], compiler);
  };
  const deps: GrantsDeps = {
    defaultRole,
    installation: [builtIn, indexPolicy(parsed, compiler)],
    projectIndex: (project) => {
      const known = projects.get(project) ?? indexProject(project);
      projects.set(project, known);
      return known;
    },
  };
  const subjects = new Map<string, Grants>();
  const grantsOf = (subject: RbacSubject): Grants => {
    const key = JSON.stringify([subject.name, subject.groups]);
    const grants = subjects.get(key) ?? createGrants(subject, deps);
    subjects.delete(key);
    subjects.set(key, grants);
    for (const oldest of subjects.keys()) {
      if (subjects.size <= MAX_SUBJECTS) break;
      subjects.delete(oldest);
    }
    return grants;
  };
  return {
    grantsOf,
    allows: (subject, request, project) => grantsOf(subject).allows(request, project),
    problems: parsed.flatMap((policy) => [...policy.problems, ...patternProblems(policy, compiler)]),
  };
}
