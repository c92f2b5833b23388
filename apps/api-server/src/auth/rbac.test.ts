/** The policy in force: live, and never half of a policy. */
import type { AppProject } from '@tiphys/model';
import { createLogger } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import type { Subject } from '../http/context.js';
import type { AccessRequest } from './authorize.js';
import { createRbacAuthorizer } from './rbac.js';

const subject = (username: string, issuer = 'argocd', groups: readonly string[] = []): Subject => {
  return { username, issuer, groups, issuedAt: 0, expiresAt: undefined, tokenId: undefined };
};
const SYNC: AccessRequest = { resource: 'applications', action: 'sync', object: 'web/shop' };
const web = (policies: readonly string[]): AppProject => ({
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'web' } },
  spec: { roles: [{ name: 'ci', policies: [...policies], groups: ['pipeline'] }] },
});
const OWN = 'p, proj:web:ci, applications, sync, web/*, allow';

function installation(policy: string, project = web([OWN])) {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Readonly<Record<string, unknown>>);
  const now: { data: Readonly<Record<string, string>>; project: AppProject } = {
    data: { 'policy.csv': policy },
    project,
  };
  const authorizer = createRbacAuthorizer({
    settings: { configMap: () => now.data },
    projects: { get: (name) => (name === 'web' ? now.project : undefined) },
    log: createLogger({ name: 'test', level: 'info', format: 'json', write }),
  });
  return { now, authorizer, problems: () => lines.map(({ level, message }) => [level, message]) };
}

describe('a changed policy', () => {
  it('is in force with the next question', () => {
    const { now, authorizer } = installation('p, ann, applications, sync, */*, allow');
    const ann = subject('ann');
    expect(authorizer(ann, SYNC)).toBe(true);
    now.data = {};
    expect(authorizer(ann, SYNC)).toBe(false);
  });

  it('that cannot be read leaves the last good one in force and says so', () => {
    const { now, authorizer, problems } = installation('p, ann, applications, sync, */*, allow');
    expect(authorizer(subject('ann'), SYNC)).toBe(true);
    now.data = {
      'policy.csv': 'p, ann, applications, sync, */*, allow\np, eve, applications, *, */*, allow\np, ann, deny',
    };
    expect(authorizer(subject('ann'), SYNC)).toBe(true);
    expect(authorizer(subject('eve'), SYNC)).toBe(false);
    expect(problems()).toEqual([['error', expect.stringContaining('last good one stays in force')]]);
    now.data = { 'policy.csv': 'p, eve, applications, *, */*, allow' };
    expect(authorizer(subject('ann'), SYNC)).toBe(false);
    expect(authorizer(subject('eve'), SYNC)).toBe(true);
  });

  it('that cannot be read at the start leaves the built-in roles alone', () => {
    const { authorizer } = installation('p, ann, applications, sync, */*, allow\nnonsense');
    expect(authorizer(subject('ann'), SYNC)).toBe(false);
    expect(authorizer(subject('admin'), SYNC)).toBe(true);
  });

  it('with lines that mean nothing in Argo CD either is used, with a warning', () => {
    const { authorizer, problems } = installation('p, ann, applications, sync, */*, allow\np, ann, x, y, z, Deny');
    expect(authorizer(subject('ann'), SYNC)).toBe(true);
    expect(problems()).toEqual([['warn', 'a line of the access policy has no effect']]);
  });
});

describe('the role of a project', () => {
  it('is live', () => {
    const { now, authorizer } = installation('');
    const member = subject('ann', 'https://sso', ['pipeline']);
    expect(authorizer(member, SYNC)).toBe(true);
    now.project = web([]);
    expect(authorizer(member, SYNC)).toBe(false);
  });

  it.each([
    ['a token of this installation speaks for it', 'argocd', true],
    ['a login provider that makes up its name does not (S15)', 'https://sso', false],
  ])('%s', (_, issuer, expected) => {
    expect(installation('').authorizer(subject('proj:web:ci', issuer), SYNC)).toBe(expected);
  });

  it('that cannot be read is reported once and grants nothing', () => {
    const { authorizer, problems } = installation('', web([OWN, 'p, broken']));
    expect([authorizer(subject('proj:web:ci'), SYNC), authorizer(subject('proj:web:ci'), SYNC)]).toEqual([
      false,
      false,
    ]);
    expect(problems()).toEqual([['warn', 'a policy of a project has no effect']]);
  });
});
