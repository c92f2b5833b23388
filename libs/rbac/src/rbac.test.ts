import type { AppProject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { applicationObject, createEnforcer, parseRbacSettings, projectPolicy, projectPolicyProblem } from './index.js';

const enforcer = (policy: string, more: Record<string, string> = {}) =>
  createEnforcer(parseRbacSettings({ 'policy.csv': policy, ...more }));
const ask = (text: string) => {
  const [resource = '', action = '', object = ''] = text.split(' ');
  return { resource, action, object };
};
const user = (name: string, ...groups: readonly string[]) => ({ name, groups });

describe('built-in roles (F17)', () => {
  const rbac = enforcer('g, devs, role:readonly');
  it.each([
    ['the admin may do anything with applications', user('admin'), 'applications delete a/b', true],
    ['the admin may run resource actions', user('admin'), 'applications action/apps/Deployment/restart a/b', true],
    ['the admin may read what readers read', user('admin'), 'logs get a/b', true],
    ['a reader may read', user('x', 'devs'), 'applications get a/ns/b', true],
    ['a reader may not sync', user('x', 'devs'), 'applications sync a/b', false],
    ['a reader may not exec', user('x', 'devs'), 'exec create a/b', false],
    ['somebody without a role may nothing', user('x'), 'applications get a/b', false],
    ['an anonymous user may nothing', user(''), 'applications get a/b', false],
  ])('%s', (...[, subject, request, expected]) => {
    expect(rbac.allows(subject, ask(request))).toBe(expected);
  });
});

describe('policies', () => {
  const text = `
    # the web team
    p, role:web, applications, *, web/*, allow
    p, role:web, applications, delete, web/prod-*, deny
    g, web-team, role:web
    g, lead, web-team
    p, "quoted, name", clusters, get, "https://a,b", allow
    g, loop, loop2
    g, loop2, loop
  `;
  it.each([
    ['a group’s role counts', user('x', 'web-team'), 'applications sync web/shop', true],
    ['roles are inherited through roles', user('lead'), 'applications sync web/shop', true],
    ['another project is out of reach', user('lead'), 'applications sync api/shop', false],
    ['deny beats allow (F15)', user('lead'), 'applications delete web/prod-1', false],
    ['deny hits only what it names', user('lead'), 'applications delete web/dev-1', true],
    [
      'fine-grained actions match globs (F14)',
      user('lead'),
      'applications update/apps/Deployment/web/x web/shop',
      true,
    ],
    ['quoted fields may hold commas', user('quoted, name'), 'clusters get https://a,b', true],
    ['memberships in a circle end', user('loop'), 'applications get web/shop', false],
  ])('%s', (...[, subject, request, expected]) => {
    expect(enforcer(text).allows(subject, ask(request))).toBe(expected);
  });

  it('what policy.default grants cannot be denied (F15)', () => {
    const rbac = enforcer('p, bob, applications, get, */*, deny', { 'policy.default': 'role:readonly' });
    expect(rbac.allows(user('bob'), ask('applications get a/b'))).toBe(true);
    expect(rbac.allows(user('bob'), ask('applications sync a/b'))).toBe(false);
  });

  it('further policy files count (F10)', () => {
    const rbac = enforcer('', { 'policy.team.csv': 'p, eve, projects, get, *, allow' });
    expect(rbac.allows(user('eve'), ask('projects get x'))).toBe(true);
  });

  it('regular expressions are another match mode (F11)', () => {
    const rbac = enforcer('p, eve, applications, ^(get|sync)$, ^web/[a-z]+$, allow\np, eve, clusters, (, .*, allow', {
      'policy.matchMode': 'regex',
    });
    expect(rbac.allows(user('eve'), ask('applications sync web/shop'))).toBe(true);
    expect(rbac.allows(user('eve'), ask('applications sync web/shop2'))).toBe(false);
    expect(rbac.allows(user('eve'), ask('clusters get x'))).toBe(false);
  });

  it('the built-in roles mean the same in every mode', () => {
    const rbac = enforcer('g, ann, role:readonly', { 'policy.matchMode': 'regex' });
    expect(rbac.allows(user('ann'), ask('applications get a/b'))).toBe(true);
    expect(rbac.allows(user('ann'), ask('applications sync a/b'))).toBe(false);
    expect(rbac.allows(user('admin'), ask('applications action/apps/Deployment/restart a/b'))).toBe(true);
  });

  it('a hostile expression ends (S12)', () => {
    const rbac = enforcer('p, eve, applications, get, ^(a+)+$, allow', { 'policy.matchMode': 'regex' });
    expect(rbac.allows(user('eve'), ask(`applications get ${'a'.repeat(100)}!`))).toBe(false);
  });

  it('settings have defaults, and scopes may be quoted', () => {
    expect(parseRbacSettings({})).toEqual({
      policyTexts: [],
      defaultRole: undefined,
      matchMode: 'glob',
      scopes: ['groups'],
    });
    expect(parseRbacSettings({ scopes: '["roles", email]' }).scopes).toEqual(['roles', 'email']);
  });
});

describe('project roles (F05)', () => {
  const project = (policies: string[]): AppProject => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'web' },
    spec: { roles: [{ name: 'ci', policies, groups: ['pipeline'] }] },
  });
  const subject = 'proj:web:ci';
  const own = project([`p, ${subject}, applications, sync, web/*, allow`]);
  const rbac = enforcer('');

  it.each([
    ['a token of the role may what the role may', user(subject), 'applications sync web/a', true],
    ['a group of the role, too', user('x', 'pipeline'), 'applications sync web/a', true],
    ['the role may read its project', user(subject), 'projects get web', true],
    ['nothing else', user(subject), 'applications delete web/a', false],
    ['nothing elsewhere', user(subject), 'applications sync api/a', false],
  ])('%s', (...[, who, request, expected]) => {
    expect(rbac.allows(who, ask(request), own)).toBe(expected);
  });

  it('the role means nothing without its project', () => {
    expect(rbac.allows(user(subject), ask('applications sync web/a'))).toBe(false);
  });

  it('patterns of the whole project are written as in Argo CD’s manual, and reach no further (rbac.md)', () => {
    const wide = project([`p, ${subject}, applications, *, *, allow`]);
    expect(rbac.allows(user('x', 'pipeline'), ask('applications sync web/a'), wide)).toBe(true);
    expect(rbac.allows(user('x', 'pipeline'), ask('applications sync api/a'), wide)).toBe(false);
  });

  it('one line that cannot be read takes the roles of the project away, and is reported', () => {
    const told: string[] = [];
    const broken = project([`p, ${subject}, applications, sync, web/*, allow`, `p, ${subject}, applications`]);
    const options = {
      onProjectProblems: (...[, found]: [unknown, readonly { message: string }[]]) =>
        void told.push(...found.map(({ message }) => message)),
    };
    const strict = createEnforcer(parseRbacSettings({}), options);
    expect(strict.allows(user(subject), ask('applications sync web/a'), broken)).toBe(false);
    expect(told).toEqual([expect.stringContaining('write it as "p, subject')]);
  });

  it.each([
    ['a token of another project', user('proj:api:ci'), false],
    ['a group of that name', user('x', 'proj:api:ci'), true],
  ])('what policy.csv grants to a role of another project: %s', (...[, who, expected]) => {
    const generous = enforcer('p, proj:api:ci, applications, get, web/*, allow\ng, proj:api:ci, role:none');
    expect(generous.allows(who, ask('applications get web/a'), own)).toBe(expected);
  });

  it('a role of policy.csv may be a role of the project', () => {
    expect(enforcer('g, ann, proj:web:ci').allows(user('ann'), ask('applications sync web/a'), own)).toBe(true);
  });

  it.each([
    ['p, proj:web:ci, applications, sync, web/*, allow', undefined],
    ['p, proj:web:ci, applications, action/apps/Deployment/restart, web/team/*, deny', undefined],
    ['p,proj:web:ci,repositories,create,web/https://git.example.com/*,allow', undefined],
    ['p, proj:web:other, applications, sync, web/*, allow', "policy subject must be: 'proj:web:ci'"],
    ['p, proj:web:ci, projects, update, web, allow', 'project resource must be'],
    ['p, proj:web:ci, applications, syncc, web/*, allow', "invalid action 'syncc'"],
    ['p, proj:web:ci, applications, sync, *, allow', "object must be of form 'web/*'"],
    ['p, proj:web:ci, applications, sync, web/, allow', "object must be of form 'web/*'"],
    ['p, proj:web:ci, applications, sync, web/*, Allow', 'neither allow nor deny'],
    ['g, proj:web:ci, role:admin', 'must be of the form: p, sub'],
    ['# nothing', 'must be of the form: p, sub'],
    ['p, proj:web:ci, applications, sync, web/*, allow\ng, ann, role:admin', 'one rule per entry'],
  ])('a role may be stored with "%s": %s (S19)', (policy, problem) => {
    expect(projectPolicyProblem('web', 'ci', policy)).toEqual(problem && expect.stringContaining(problem));
  });

  it.each([
    ['another project', `p, ${subject}, applications, *, api/*, allow`, 'applications sync api/a'],
    ['every project', `p, ${subject}, applications, *, */*, allow`, 'applications sync api/a'],
    ['another subject', 'p, role:readonly, applications, *, web/*, allow', 'applications delete web/a'],
    ['a resource of no project', `p, ${subject}, accounts, *, *, allow`, 'accounts update web'],
    ['all clusters', `p, ${subject}, clusters, *, *, allow`, 'clusters update https://a'],
    ['another role', `g, ${subject}, role:admin`, 'applications delete web/a'],
  ])('a project policy about %s has no effect (S19)', (...[, policy, request]) => {
    const hostile = project([policy]);
    expect(rbac.allows(user(subject), ask(request), hostile)).toBe(false);
    expect(projectPolicy(hostile).memberships).toEqual([{ member: 'pipeline', role: subject }]);
  });
});

it('the object of an application names its namespace outside the control plane (F16)', () => {
  const application = { project: 'web', namespace: 'team', name: 'shop' };
  expect(applicationObject(application, 'argocd')).toBe('web/team/shop');
  expect(applicationObject(application, 'team')).toBe('web/shop');
});
