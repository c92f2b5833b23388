import type { AppProject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { applicationObject, createEnforcer, parsePolicy, parseRbacSettings, projectPolicy } from './index.js';

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
    const rbac = enforcer('p, eve, applications, ^(get|sync)$, ^web/[a-z]+$, allow\np, eve, clusters, (, *, allow', {
      'policy.matchMode': 'regex',
    });
    expect(rbac.allows(user('eve'), ask('applications sync web/shop'))).toBe(true);
    expect(rbac.allows(user('eve'), ask('applications sync web/shop2'))).toBe(false);
    expect(rbac.allows(user('eve'), ask('clusters get x'))).toBe(false);
  });

  it('a hostile expression costs linear time (S12)', () => {
    const rbac = enforcer('p, eve, applications, get, ^(a+)+$, allow', { 'policy.matchMode': 'regex' });
    const begun = performance.now();
    expect(rbac.allows(user('eve'), ask(`applications get ${'a'.repeat(100)}!`))).toBe(false);
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  it.each([
    ['p, a, b, c, d', 'write it as "p, subject'],
    ['p, a, b, c, d, maybe', 'neither allow nor deny'],
    ['p, , b, c, d, allow', 'subject is empty'],
    ['g, a', 'write it as "g, member, role"'],
    ['x, a, b', 'neither p nor g'],
  ])('the line "%s" has no effect and is reported', (line, message) => {
    expect(parsePolicy(`\n${line}`)).toEqual({
      rules: [],
      memberships: [],
      problems: [{ line: 2, message: expect.stringContaining(message) }],
    });
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

  it.each([
    ['another project', `p, ${subject}, applications, *, api/*, allow`, 'applications sync api/a'],
    ['every project', `p, ${subject}, applications, *, */*, allow`, 'applications sync api/a'],
    ['another subject', 'p, role:readonly, applications, *, web/*, allow', 'applications delete web/a'],
    ['a resource of no project', `p, ${subject}, accounts, *, web/*, allow`, 'accounts update web/a'],
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

it('ten thousand decisions over a thousand rules take no more than seconds', () => {
  const rules = Array.from({ length: 1000 }, (_, i) => `p, role:r${i % 50}, applications, get, p${i}/*, allow`);
  const roles = Array.from({ length: 200 }, (_, i) => `g, user${i}, role:r${i % 50}`);
  const rbac = enforcer([...rules, ...roles].join('\n'));
  const begun = performance.now();
  const allowed = Array.from({ length: 10_000 }, (_, i) =>
    rbac.allows(user(`user${i % 200}`), ask(`applications get p${i % 1000}/x`)),
  );
  expect(performance.now() - begun).toBeLessThan(10_000);
  expect(allowed.filter(Boolean).length).toBe(10_000);
});
