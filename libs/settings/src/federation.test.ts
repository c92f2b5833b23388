import { describe, expect, it } from 'vitest';
import { fittingClaims, parseFederationSettings } from './index.js';

const GITHUB = 'https://token.actions.githubusercontent.com';

const config = (value: unknown) => parseFederationSettings({ 'federation.config': JSON.stringify(value) });
const rule = (changes: Record<string, unknown> = {}) => ({
  ...{ name: 'web', issuer: GITHUB, audience: 'tiphys', project: 'web', role: 'deploy' },
  claims: { repository: 'org/web', ref: 'refs/heads/main' },
  ...changes,
});

describe('federation.config', () => {
  it('is empty when it is not there', () => {
    expect(parseFederationSettings({})).toEqual({ settings: { issuers: [], rules: [] }, problems: [] });
  });

  it('is read with issuers and rules, with defaults', () => {
    const { settings, problems } = parseFederationSettings({
      'federation.config': `
issuers:
- issuer: ${GITHUB}
- { issuer: https://git.example.com, rootCA: PEM, jwksUri: https://git.example.com/keys }
- { issuer: https://kubernetes.default.svc, inCluster: true }
rules:
- name: web
  issuer: ${GITHUB}
  audience: tiphys
  claims: { repository_id: 42, ref: [refs/heads/main, refs/tags/*], ref_protected: true }
  project: web
  role: deploy
- name: in-cluster
  issuer: https://kubernetes.default.svc
  audience: tiphys
  claims: { sub: "system:serviceaccount:ci:deployer" }
  project: web
  role: deploy
  maxTokenLifetime: 1h
`,
    });
    expect(problems).toEqual([]);
    expect(settings).toEqual({
      issuers: [
        { issuer: GITHUB, inCluster: false },
        { issuer: 'https://git.example.com', inCluster: false, rootCA: 'PEM', jwksUri: 'https://git.example.com/keys' },
        { issuer: 'https://kubernetes.default.svc', inCluster: true },
      ],
      rules: [
        {
          ...{ name: 'web', issuer: GITHUB, audience: 'tiphys', project: 'web', role: 'deploy' },
          claims: { repository_id: ['42'], ref: ['refs/heads/main', 'refs/tags/*'], ref_protected: ['true'] },
          maxTokenLifetimeMs: 900_000,
        },
        {
          ...{ name: 'in-cluster', issuer: 'https://kubernetes.default.svc', audience: 'tiphys' },
          ...{ project: 'web', role: 'deploy', claims: { sub: ['system:serviceaccount:ci:deployer'] } },
          maxTokenLifetimeMs: 3_600_000,
        },
      ],
    });
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['without a name', { name: undefined }, /needs a name/],
    ['with a name of other letters', { name: 'a b' }, /needs a name/],
    ['of an issuer that is not listed', { issuer: 'https://evil.example.com' }, /one of the list issuers/],
    ['without an audience', { audience: '' }, /needs an audience/],
    ['without a project', { project: undefined }, /needs a project and a role/],
    ['with a role that looks like two', { role: 'a:b' }, /must not have ":"/],
    ['without claims', { claims: undefined }, /must have claims that are texts/],
    ['with a claim that is an object', { claims: { repository: {} } }, /must have claims that are texts/],
    ['with an empty list of globs', { claims: { repository: [] } }, /must have claims that are texts/],
    ['with a lifetime above 12h', { maxTokenLifetime: '13h' }, /maxTokenLifetime from 1m to 12h/],
    ['with a lifetime of no unit', { maxTokenLifetime: '15' }, /maxTokenLifetime from 1m to 12h/],
    // Anybody may have a workflow with these.
    [
      'that fits every repository of GitHub',
      { claims: { ref: 'refs/heads/main' } },
      /would let in strangers.*signs for/,
    ],
    ['whose owner is a wildcard', { claims: { repository: '*/web' } }, /would let in strangers/],
    ['whose owner is an alternative', { claims: { repository: '{org,*}/web' } }, /would let in strangers/],
    ['of which one alternative is open', { claims: { repository: ['org/web', '*/web'] } }, /would let in strangers/],
    ['whose subject names no owner', { claims: { sub: 'repo:*:ref:refs/heads/main' } }, /would let in strangers/],
    ['whose called workflow anybody may call', { claims: { job_workflow_ref: 'org/web/x@main' } }, /let in strangers/],
  ])('a rule %s is left out and reported', (_, changes, message) => {
    const { settings, problems } = config({
      issuers: [{ issuer: GITHUB }],
      rules: [rule(changes), rule({ name: 'b' })],
    });
    expect(settings.rules.map(({ name }) => name)).toEqual(['b']);
    expect(problems).toEqual([{ key: 'federation.config', message: expect.stringMatching(message) }]);
    expect(problems[0]?.message).toMatch(/^rules, entry 1: /);
  });

  it.each([
    { sub: 'repo:org/web:ref:refs/heads/main' },
    { sub: 'repo:org/*:ref:refs/heads/main' },
    { repository_owner: 'org' },
    { repository: 'org/*' },
  ])('a rule for an owner of GitHub counts: %j', (claims) => {
    expect(config({ issuers: [{ issuer: GITHUB }], rules: [rule({ claims })] }).problems).toEqual([]);
  });

  it('a rule of an own issuer must begin with something', () => {
    const issuer = 'https://git.example.com';
    const { settings } = config({
      issuers: [{ issuer }],
      rules: [
        rule({ name: 'open', issuer, claims: { sub: '*', aud: '[a-z]*' } }),
        rule({ name: 'named', issuer, claims: { sub: 'group/*' } }),
      ],
    });
    expect(settings.rules.map(({ name }) => name)).toEqual(['named']);
  });

  it.each<[unknown, RegExp]>([
    ['text', /must be an object with the lists/],
    [{ issuers: {} }, /issuers must be a list/],
    [{ issuers: [{}] }, /needs issuer/],
    [{ issuers: [{ issuer: 'http://git.example.com' }] }, /must be an https URL/],
    [{ issuers: [{ issuer: 'http://127.0.0.1.evil.example.com' }] }, /must be an https URL/],
    [{ issuers: [{ issuer: 'https://user:pw@git.example.com' }] }, /must be an https URL/],
    [{ issuers: [{ issuer: GITHUB, jwksUri: 'file:///etc/passwd' }] }, /jwksUri must be/],
    [{ issuers: [{ issuer: GITHUB, inCluster: 'yes' }] }, /inCluster must be/],
    [{ issuers: [{ issuer: GITHUB }, { issuer: GITHUB, inCluster: true }] }, /is there twice/],
    [{ issuers: [{ issuer: GITHUB }], rules: [rule(), rule({ role: 'admin' })] }, /web is there twice/],
  ])('%j is reported', (value, message) => {
    const { settings, problems } = config(value);
    expect(problems).toEqual([{ key: 'federation.config', message: expect.stringMatching(message) }]);
    expect(settings.issuers.every(({ inCluster }) => !inCluster)).toBe(true);
    expect(settings.rules.every(({ role }) => role === 'deploy')).toBe(true);
  });
});

describe('fittingClaims', () => {
  const kubernetes = { 'kubernetes.io': { namespace: 'ci', serviceaccount: { name: 'deployer' } } };
  it.each<readonly [string, Record<string, string[]>, Record<string, unknown>, Record<string, string> | undefined]>([
    ['the same text', { a: ['x'] }, { a: 'x', b: 'y' }, { a: 'x' }],
    ['another text', { a: ['x'] }, { a: 'xy' }, undefined],
    ['no such claim', { a: ['x'] }, {}, undefined],
    ['one of several globs', { a: ['x', 'y*'] }, { a: 'yes' }, { a: 'yes' }],
    ['one of several claims that does not fit', { a: ['x'], b: ['y'] }, { a: 'x', b: 'n' }, undefined],
    ['a wildcard within a part', { ref: ['refs/heads/*'] }, { ref: 'refs/heads/main' }, { ref: 'refs/heads/main' }],
    ['a wildcard across parts', { ref: ['refs/heads/*'] }, { ref: 'refs/heads/a/b' }, undefined],
    ['two stars across parts', { ref: ['refs/**'] }, { ref: 'refs/heads/a/b' }, { ref: 'refs/heads/a/b' }],
    ['an entry of a list', { groups: ['ops'] }, { groups: ['dev', 'ops'] }, { groups: 'ops' }],
    ['a number', { id: ['42'] }, { id: 42 }, { id: '42' }],
    ['a truth value', { ok: ['true'] }, { ok: true }, { ok: 'true' }],
    ['an object', { a: ['*'] }, { a: {} }, undefined],
    ['a claim in an object', { 'kubernetes.io/namespace': ['ci'] }, kubernetes, { 'kubernetes.io/namespace': 'ci' }],
    ['a name with slashes', { 'https://x/y': ['z'] }, { 'https://x/y': 'z' }, { 'https://x/y': 'z' }],
    ['a name of the prototype', { 'constructor/name': ['Object'] }, {}, undefined],
    ['a letter of another case', { a: ['Org/web'] }, { a: 'org/web' }, undefined],
    ['a text with another line', { a: ['org'] }, { a: 'org\n' }, undefined],
  ])('%s', (...[, wanted, claims, expected]) => {
    expect(fittingClaims(wanted, claims)).toEqual(expected);
  });
});
