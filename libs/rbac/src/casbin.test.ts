/** Casbin itself, under Argo CD's model and asked in Argo CD's order, says what every decision must be (F10, F11, F15). */
import type { AppProject } from '@tiphys/model';
import { type Enforcer as Casbin, newEnforcer, newModelFromString } from 'casbin';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BUILT_IN_POLICY } from './built-in.js';
import {
  createEnforcer,
  type MatchMode,
  projectOfSubject,
  type RbacRequest,
  type RbacSubject,
  requestProject,
} from './index.js';

/** Four words of a request, five of a rule; within one subject some `allow` and no `deny`. */
const MODEL = `
[request_definition]
r = sub, res, act, obj
[policy_definition]
p = sub, res, act, obj, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && globOrRegexMatch(r.res, p.res) && globOrRegexMatch(r.act, p.act) && globOrRegexMatch(r.obj, p.obj)
`;

type Line = readonly string[];

interface Scenario {
  readonly mode: MatchMode;
  readonly lines: readonly Line[];
  readonly roles: readonly { readonly name: string; readonly policies: readonly Line[]; readonly groups: string[] }[];
  readonly defaultRole: string | undefined;
  readonly subject: RbacSubject;
  readonly requests: readonly RbacRequest[];
}

const NAMES = ['bob', 'eve', 'team-a', 'team-b', 'team-c', 'role:dev', 'role:ops', 'role:readonly', 'proj:web:ci'];
const PATTERNS = {
  glob: {
    resource: ['*', 'applications', 'app*', 'projects', 'clusters', '{logs,exec}'],
    action: ['*', 'get', 'sync', 'delete', 'delete/*', 'delete/*/Pod/*/*', 'action/*', '[gs]*'],
    object: ['*', '*/*', 'web/*', 'web/shop', '*/shop', 'web/*/shop', 'api/*', 'web', 'ht*'],
  },
  regex: {
    resource: ['.*', '^applications$', 'app', 'projects', 'clusters|logs', '*'],
    action: ['.*', '^get$', 'sync', '^delete', '^delete/.*/Pod/.*', '^action/.*$', '^[gs].*', '('],
    object: ['.*', '/', '^web/.*', '^web/shop$', '/shop$', '^api/|^web/s', '^web$', '^web/?', '^web/*$', '*/*'],
  },
} as const;
const ASKED = {
  resource: ['applications', 'applicationsets', 'projects', 'clusters', 'logs'],
  action: ['get', 'sync', 'delete', 'delete/apps/Pod/web/a', 'action/apps/Deployment/restart'],
  object: ['web/shop', 'web/team/shop', 'api/shop', 'web', 'https://a.b', 'web/https://a.b'],
};

const rule = (mode: MatchMode, subject: fc.Arbitrary<string>): fc.Arbitrary<Line> => {
  const { resource, action, object } = PATTERNS[mode];
  const effect = fc.oneof(
    { weight: 3, arbitrary: fc.constant('allow') },
    fc.constantFrom('deny', mode === 'glob' ? 'Allow' : 'deny'),
  );
  return fc.tuple(
    ...[fc.constant('p'), subject, fc.constantFrom(...resource), fc.constantFrom(...action)],
    ...[fc.constantFrom(...object), effect],
  );
};
const membership = fc.tuple(fc.constant('g'), fc.constantFrom(...NAMES), fc.constantFrom(...NAMES, 'role:admin'));

const scenario = fc.constantFrom<MatchMode>('glob', 'regex').chain((mode) =>
  fc.record<Scenario>({
    mode: fc.constant(mode),
    lines: fc.array(fc.oneof({ weight: 2, arbitrary: rule(mode, fc.constantFrom(...NAMES)) }, membership), {
      ...{ minLength: 2, maxLength: 14 },
    }),
    roles: fc.uniqueArray(
      fc.constantFrom('ci', 'dev').chain((name) =>
        fc.record({
          name: fc.constant(name),
          policies: fc.array(rule(mode, fc.constant(`proj:web:${name}`)), { maxLength: 3 }),
          groups: fc.uniqueArray(fc.constantFrom('team-a', 'team-c', 'role:dev'), { maxLength: 2 }),
        }),
      ),
      { selector: ({ name }) => name, maxLength: 2 },
    ),
    defaultRole: fc.option(fc.constantFrom('role:readonly', 'role:dev', 'role:none'), { nil: undefined, freq: 1 }),
    subject: fc.record({
      name: fc.constantFrom('bob', 'eve', 'admin', 'proj:web:ci', 'proj:api:ci', 'role:dev'),
      groups: fc.uniqueArray(fc.constantFrom('team-a', 'team-b', 'team-c', 'stranger'), { maxLength: 3 }),
    }),
    requests: fc.array(
      fc.record({
        resource: fc.constantFrom(...ASKED.resource),
        action: fc.constantFrom(...ASKED.action),
        object: fc.constantFrom(...ASKED.object),
      }),
      { minLength: 6, maxLength: 6 },
    ),
  }),
);

const textOf = (line: Line): string => line.map((field) => (field.includes(',') ? `"${field}"` : field)).join(', ');

const web = (roles: Scenario['roles']): AppProject => ({
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'web' } },
  spec: { roles: roles.map((role) => ({ ...role, policies: role.policies.map(textOf) })) },
});

/** Written apart from ours: only what the patterns above need. */
function simpleGlob(text: string, pattern: string): boolean {
  return new RegExp(globSource(pattern), 's').test(text);
}

function globSource(pattern: string): string {
  const source = pattern
    .replace(/[.+^$()|\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace('{', '(')
    .replace('}', ')')
    .replace(',', '|');
  return `^${source}$`;
}

async function casbinOf(mode: MatchMode, lines: readonly Line[]): Promise<Casbin> {
  const casbin = await newEnforcer(newModelFromString(MODEL));
  const match = mode === 'glob' ? simpleGlob : (text: string, pattern: string) => new RegExp(pattern).test(text);
  await casbin.addFunction('globOrRegexMatch', match);
  // With `*/*`, which is no regular expression, Argo CD's own roles would mean nothing in this mode: ours stay globs.
  const inMode = (field: string) => (mode === 'regex' && /^[a-z*/-]+$/.test(field) ? globSource(field) : field);
  const builtIn = BUILT_IN_POLICY.split('\n')
    .map((line) => line.split(', '))
    .map(([kind = '', subject = '', ...fields]) =>
      kind === 'p'
        ? [kind, subject, ...fields.slice(0, 3).map(inMode), ...fields.slice(3)]
        : [kind, subject, ...fields],
    );
  for (const [kind, ...values] of [...builtIn, ...lines]) {
    if (kind === 'p') await casbin.addPolicy(...values);
    else await casbin.addGroupingPolicy(...values);
  }
  return casbin;
}

interface Oracle {
  readonly plain: Casbin;
  /** With the roles of the project. */
  readonly inProject: Casbin;
}

async function oracleOf({ mode, lines, roles }: Scenario): Promise<Oracle> {
  const projectLines = roles.flatMap(({ name, policies, groups }) => [
    ['p', `proj:web:${name}`, 'projects', 'get', 'web', 'allow'],
    ...policies,
    ...groups.map((group) => ['g', group, `proj:web:${name}`]),
  ]);
  return { plain: await casbinOf(mode, lines), inProject: await casbinOf(mode, [...lines, ...projectLines]) };
}

/** The order in which Argo CD asks: default role, then the token of a project, or the user and each known group. */
async function argoCdAllows({ defaultRole, subject }: Scenario, oracle: Oracle, request: RbacRequest) {
  const { resource, action, object } = request;
  const ask = (casbin: Casbin, name: string) => {
    try {
      return casbin.enforceSync(name, resource, action, object);
    } catch {
      return false;
    }
  };
  if (defaultRole !== undefined && ask(oracle.plain, defaultRole)) return true;
  const isInProject = requestProject(request) === 'web';
  const own = projectOfSubject(subject.name);
  if (isInProject && own !== undefined && own !== 'web') return false;
  const casbin = isInProject ? oracle.inProject : oracle.plain;
  if (defaultRole !== undefined && ask(casbin, defaultRole)) return true;
  if (ask(casbin, subject.name)) return true;
  if (isInProject && own !== undefined) return false;
  const members = new Set((await casbin.getGroupingPolicy()).map(([member]) => member));
  return subject.groups.some((group) => members.has(group) && ask(casbin, group));
}

it('every decision is the one of Casbin', async () => {
  const seen = { true: 0, false: 0 };
  const property = fc.asyncProperty(scenario, async (given) => {
    const project = web(given.roles);
    const policy = given.lines.map(textOf).join('\n');
    const { defaultRole, mode: matchMode, subject } = given;
    const ours = createEnforcer({ policyTexts: [policy], defaultRole, matchMode, scopes: [] });
    const oracle = await oracleOf(given);
    for (const request of given.requests) {
      const expected = await argoCdAllows(given, oracle, request);
      seen[`${expected}`] += 1;
      expect({ request, allowed: ours.allows(subject, request, project) }).toEqual({ request, allowed: expected });
    }
  });
  await fc.assert(property, { numRuns: 250 });
  expect(Math.min(seen.true, seen.false)).toBeGreaterThan(100);
}, 60_000);
