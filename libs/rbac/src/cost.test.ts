/** What a list costs, counted in comparisons of patterns: the target of 10,000 applications in 20 ms leaves room for few. */
import type { AppProject } from '@tiphys/model';
import { expect, it } from 'vitest';
import { createEnforcer, parseRbacSettings } from './index.js';

const PROJECTS = 200;
const GROUPS = 70;

const projects = Array.from({ length: PROJECTS }, (_, index): AppProject => {
  const name = `project-${index}`;
  const policies = ['get', 'sync'].map((action) => `p, proj:${name}:dev, applications, ${action}, ${name}/*, allow`);
  return {
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name } },
    spec: { roles: [{ name: 'dev', policies, groups: [`group-${index % GROUPS}`] }] },
  };
});
const policy = Array.from({ length: PROJECTS }, (_, index) => [
  `p, role:r${index}, applications, get, project-${index}/*, allow`,
  `p, role:r${index}, applications, *, project-${index}/secret-*, deny`,
  `g, group-${index % GROUPS}, role:r${index}`,
]).flat();
const subject = { name: 'ann', groups: Array.from({ length: GROUPS }, (_, index) => `group-${index}`) };
const settings = parseRbacSettings({ 'policy.csv': policy.join('\n') });

function measure() {
  let comparisons = 0;
  const enforcer = createEnforcer(settings, { onMatch: () => void (comparisons += 1) });
  const list = (of: readonly AppProject[]) => {
    comparisons = 0;
    const grants = enforcer.grantsOf(subject);
    const allowed = of.flatMap((project) =>
      Array.from(
        { length: 50 },
        (_, index) => `${project.metadata.name}/${index % 10 === 0 ? 'secret' : 'app'}-${index}`,
      )
        .map((object) => grants.allows({ resource: 'applications', action: 'get', object }, project))
        .filter(Boolean),
    );
    return { allowed: allowed.length, comparisons };
  };
  return { list };
}

it('10,000 applications, 70 groups, 200 projects: two comparisons for each, once the policy is indexed', () => {
  const { list } = measure();
  const cold = list(projects);
  const warm = list(projects);
  // A group that is denied by its role of policy.csv is denied as a member of the project's role, too.
  expect(warm.allowed).toBe(9_000);
  expect(cold.allowed).toBe(9_000);
  expect(warm.comparisons).toBeLessThanOrEqual(20_000);
  expect(cold.comparisons).toBeLessThanOrEqual(25_000);
});

it('a project that changes is read anew, and only that one', () => {
  const { list } = measure();
  list(projects);
  const [first, ...others] = projects;
  const changed = { ...(first as AppProject), spec: {} };
  const again = list([changed, ...others]);
  const once = list(projects);
  expect(again.comparisons).toBeLessThan(once.comparisons + 1_000);
  expect(again.allowed).toBe(9_000);
});
