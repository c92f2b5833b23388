/** The examples of Argo CD's manual (operator-manual/rbac.md), and what its maintainers say of the unclear ones. */
import { expect, it } from 'vitest';
import { createEnforcer, parseRbacSettings } from './index.js';

const CASES: Readonly<
  Record<
    string,
    { readonly policy: string; readonly more?: Record<string, string>; readonly answers: readonly [string, boolean][] }
  >
> = {
  'applications everywhere, logs of one (F12, F32)': {
    policy: 'p, ann, applications, get, *, allow\np, ann, logs, get, example-project/my-app, allow',
    answers: [
      ['ann applications get any/app', true],
      ['ann logs get example-project/my-app', true],
      ['ann logs get example-project/other', false],
    ],
  },
  'applications in any namespace (F16)': {
    policy: 'p, ann, applications, get, */app-namespace/*, allow',
    answers: [
      ['ann applications get web/app-namespace/x', true],
      ['ann applications get web/x', false],
    ],
  },
  'only Pods may be deleted (F14)': {
    policy: 'p, ann, applications, delete/*/Pod/*/*, default/prod-app, allow',
    answers: [
      ['ann applications delete//Pod/ns/name default/prod-app', true],
      ['ann applications delete/apps/Deployment/ns/name default/prod-app', false],
      ['ann applications delete default/prod-app', false],
    ],
  },
  'a pattern with fewer slashes matches more, because * crosses them': {
    policy: 'p, ann, applications, delete/*/kind/*, default/prod-app, allow',
    answers: [
      ['ann applications delete/apps/kind/ns/name default/prod-app', true],
      ['ann applications delete/apps/Pod/kind/name default/prod-app', true],
    ],
  },
  'all resources of an application, but not itself (F14)': {
    policy: 'p, ann, applications, update/*, default/prod-app, allow',
    answers: [
      ['ann applications update/apps/Deployment/ns/x default/prod-app', true],
      ['ann applications update default/prod-app', false],
    ],
  },
  'the application denied, its Pods allowed': {
    policy: 'p, ann, applications, delete, default/a, deny\np, ann, applications, delete/*/Pod/*/*, default/a, allow',
    answers: [
      ['ann applications delete default/a', false],
      ['ann applications delete//Pod/ns/x default/a', true],
    ],
  },
  'one action on a kind without a group (F13)': {
    policy: 'p, ann, applications, action//Pod/maintenance-off, default/*, allow',
    answers: [
      ['ann applications action//Pod/maintenance-off default/a', true],
      ['ann applications action//Pod/restart default/a', false],
    ],
  },
  'all actions of a kind': {
    policy: 'p, ann, applications, action/extensions/*, default/*, allow',
    answers: [
      ['ann applications action/extensions/DaemonSet/test default/a', true],
      ['ann applications action/apps/DaemonSet/test default/a', false],
    ],
  },
  'deny wins wherever it stands (F15)': {
    policy: 'p, ann, applications, *, web/*, deny\np, ann, applications, get, web/shop, allow',
    answers: [['ann applications get web/shop', false]],
  },
  'the default role cannot be denied (F15)': {
    policy: 'p, ann, applications, get, *, deny',
    more: { 'policy.default': 'role:readonly' },
    answers: [['ann applications get web/shop', true]],
  },
  'a deny inside the default role leaves it to the user': {
    policy: 'p, role:base, applications, *, *, deny\np, ann, applications, get, web/*, allow',
    more: { 'policy.default': 'role:base' },
    answers: [
      ['ann applications get web/a', true],
      ['bob applications get web/a', false],
    ],
  },
  'each group is asked by itself: what one grants, another cannot deny': {
    policy: [
      'p, role:read, applications, get, *, allow',
      'p, role:not-web, applications, get, web/*, deny',
      ...['g, readers, role:read', 'g, outsiders, role:not-web', 'g, both, role:read', 'g, both, role:not-web'],
    ].join('\n'),
    answers: [
      ['bob+readers+outsiders applications get web/a', true],
      ['bob+outsiders applications get web/a', false],
      ['bob+both applications get web/a', false],
      ['bob+both applications get api/a', true],
    ],
  },
  'what the user is denied, a group may still grant': {
    policy: 'p, bob, applications, get, *, deny\np, role:read, applications, get, *, allow\ng, readers, role:read',
    answers: [
      ['bob applications get web/a', false],
      ['bob+readers applications get web/a', true],
    ],
  },
  'a group counts only once it has a role (argo-cd#7952)': {
    policy: 'p, team, applications, get, *, allow\np, crew, applications, get, *, allow\ng, crew, role:none',
    answers: [
      ['bob+team applications get web/a', false],
      ['bob+crew applications get web/a', true],
      ['team applications get web/a', true],
    ],
  },
  'certificates and accounts have plain objects': {
    policy: 'p, ann, accounts, update, bob, allow\np, ann, certificates, get, *, allow',
    answers: [
      ['ann accounts update bob', true],
      ['ann accounts update eve', false],
      ['ann certificates get git.example.com', true],
    ],
  },
  'extensions are invoked by name (F33)': {
    policy: 'p, ann, extensions, invoke, httpbin, allow',
    answers: [
      ['ann extensions invoke httpbin', true],
      ['ann extensions invoke other', false],
    ],
  },
};

const rows = Object.entries(CASES).flatMap(([name, { policy, more, answers }]) =>
  answers.map(([question, answer]) => ({ name, policy, more, question, answer })),
);

it.each(rows)('$name: $question is $answer', ({ policy, more, question, answer }) => {
  const [who = '', resource = '', action = '', object = ''] = question.split(' ');
  const [name = '', ...groups] = who.split('+');
  const rbac = createEnforcer(parseRbacSettings({ 'policy.csv': policy, ...more }));
  expect(rbac.allows({ name, groups }, { resource, action, object })).toBe(answer);
});
