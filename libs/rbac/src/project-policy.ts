/** Roles of an AppProject (F05): policies that may speak of their own project only. */
import { type AppProject, PROJECT_SCOPED } from '@tiphys/model';
import { type Policy, type PolicyProblem, parsePolicy } from './policy.js';

/** `proj:<project>:<role>`: the subject of a project role and of its tokens. */
export function projectRoleSubject(project: string, role: string): string {
  return `proj:${project}:${role}`;
}

/**
 * The project's own policy. A rule for another subject, another project or a resource that belongs to no project is a
 * problem and has no effect, so that a project administrator can never grant more than the project (S19).
 */
export function projectPolicy(project: AppProject): Policy {
  const name = project.metadata.name ?? '';
  const parts = (project.spec.roles ?? []).map((role) => {
    const subject = projectRoleSubject(name, role.name);
    const parsed = parsePolicy((role.policies ?? []).join('\n'));
    const problems: PolicyProblem[] = [...parsed.problems];
    const rules = parsed.rules.filter((rule, index) => {
      const allowed =
        rule.subject === subject && PROJECT_SCOPED.has(rule.resource) && rule.object.startsWith(`${name}/`);
      const message = `must be about ${subject}, a resource of a project and an object that begins with "${name}/"`;
      if (!allowed) problems.push({ line: index + 1, message });
      return allowed;
    });
    const own = { subject, resource: 'projects', action: 'get', object: name, effect: 'allow' } as const;
    const memberships = (role.groups ?? []).map((group) => ({ member: group, role: subject }));
    return { rules: [own, ...rules], memberships, problems };
  });
  return {
    rules: parts.flatMap(({ rules }) => rules),
    memberships: parts.flatMap(({ memberships }) => memberships),
    problems: parts.flatMap(({ problems }) => problems),
  };
}
