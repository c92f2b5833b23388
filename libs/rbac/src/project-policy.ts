/** Roles of an AppProject (F05): policies that count for requests about their own project only. */
import { type AppProject, PROJECT_SCOPED } from '@tiphys/model';
import { type Policy, type PolicyProblem, parsePolicy } from './policy.js';

/** `proj:<project>:<role>`: the subject of a project role and of its tokens. */
export function projectRoleSubject(project: string, role: string): string {
  return `proj:${project}:${role}`;
}

/**
 * The project's own policy. A rule for another subject is a warning and has no effect: a project speaks for its roles.
 * One line that cannot be read takes the whole policy away, as in Argo CD: it might have been a `deny`.
 */
export function projectPolicy(project: AppProject): Policy {
  const name = project.metadata.name ?? '';
  const parts = (project.spec.roles ?? []).map((role) => {
    const subject = projectRoleSubject(name, role.name);
    const { rules, problems } = parsePolicy((role.policies ?? []).join('\n'));
    const own = { subject, resource: 'projects', action: 'get', object: name, effect: 'allow' } as const;
    const memberships = (role.groups ?? []).map((group) => ({ member: group, role: subject }));
    const foreign = rules.filter((rule) => rule.subject !== subject);
    const warnings = foreign.map((rule): PolicyProblem => {
      return { line: 0, message: `role ${role.name}: a rule about ${rule.subject} has no effect`, severity: 'warning' };
    });
    return {
      rules: [own, ...rules.filter((rule) => rule.subject === subject)],
      memberships,
      problems: [...problems, ...warnings],
    };
  });
  const problems = parts.flatMap((part) => part.problems);
  if (problems.some(({ severity }) => severity === 'error')) return { rules: [], memberships: [], problems };
  return {
    rules: parts.flatMap(({ rules }) => rules),
    memberships: parts.flatMap(({ memberships }) => memberships),
    problems,
  };
}

const ACTIONS: ReadonlySet<string> = new Set([
  ...['get', 'create', 'update', 'delete', 'sync', 'override', 'rollback', '*'],
]);

/**
 * Why a policy may not be stored in a role, as Argo CD words it; undefined when it may. Stricter than what has an effect:
 * who may change a project must not grant more than the project (S19).
 */
export function projectPolicyProblem(project: string, role: string, policy: string): string | undefined {
  if (policy.includes('\n')) return 'write one rule per entry';
  const { rules, problems, memberships } = parsePolicy(policy);
  const [rule] = rules;
  if (problems[0] !== undefined) return problems[0].message;
  if (memberships.length > 0 || rule === undefined) return 'must be of the form: p, sub, res, act, obj, eft';
  const subject = projectRoleSubject(project, role);
  if (rule.subject !== subject) return `policy subject must be: '${subject}', not '${rule.subject}'`;
  if (!PROJECT_SCOPED.has(rule.resource)) {
    return `project resource must be: '${[...PROJECT_SCOPED].join("', '")}', not '${rule.resource}'`;
  }
  if (!ACTIONS.has(rule.action) && !/^(?:action|update|delete)\/./.test(rule.action)) {
    return `invalid action '${rule.action}'`;
  }
  return isOwnObject(project, rule.object)
    ? undefined
    : `object must be of form '${project}/*', '${project}/<APPNAME>' or '${project}/<APPNS>/<APPNAME>', not '${rule.object}'`;
}

/** Addresses of repositories and clusters have more parts than applications have. */
function isOwnObject(project: string, object: string): boolean {
  const rest = object.startsWith(`${project}/`) ? object.slice(project.length + 1) : '';
  return rest !== '' && rest !== '/';
}
