/** An installation with many teams: what each decision of a list has to look through. */
import type { AppProject } from '@tiphys/model';
import type { MatchMode, RbacRequest, RbacSettings, RbacSubject } from '@tiphys/rbac';

export interface RbacWorkload {
  readonly settings: RbacSettings;
  readonly subject: RbacSubject;
  readonly requests: readonly { readonly request: RbacRequest; readonly project: AppProject }[];
}

export interface RbacSizes {
  readonly applications: number;
  readonly projects: number;
  readonly groups: number;
}

/** Every project has a role of its own with two policies, and three lines in `policy.csv`; the subject has a role in each. */
export function rbacWorkload(mode: MatchMode, { applications, projects: count, groups }: RbacSizes): RbacWorkload {
  const indexes = Array.from({ length: count }, (_, index) => index);
  const own = (name: string, object: string) => (mode === 'glob' ? `${name}/${object}*` : `^${name}/${object}.*$`);
  const word = (text: string) => (mode === 'glob' ? text : `^${text}$`);
  const projects = indexes.map((index): AppProject => {
    const name = `project-${index}`;
    const policies = ['get', 'sync'].map(
      (action) => `p, proj:${name}:dev, ${word('applications')}, ${word(action)}, ${own(name, '')}, allow`,
    );
    return {
      ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name } },
      spec: { roles: [{ name: 'dev', policies, groups: [`group-${index % groups}`] }] },
    };
  });
  const lines = indexes.flatMap((index) => [
    `p, role:team-${index}, ${word('applications')}, ${word('get')}, ${own(`project-${index}`, '')}, allow`,
    `p, role:team-${index}, ${word('applications')}, ${word('get')}, ${own(`project-${index}`, 'secret-')}, deny`,
    `g, group-${index % groups}, role:team-${index}`,
  ]);
  return {
    settings: { policyTexts: [lines.join('\n')], defaultRole: undefined, matchMode: mode, scopes: ['groups'] },
    subject: { name: 'ann', groups: Array.from({ length: groups }, (_, index) => `group-${index}`) },
    requests: Array.from({ length: applications }, (_, index) => {
      const project = projects[index % count] as AppProject;
      const name = `${index % 10 === 0 ? 'secret' : 'app'}-${index}`;
      return {
        project,
        request: { resource: 'applications', action: 'get', object: `${project.metadata.name}/${name}` },
      };
    }),
  };
}
