import { describe, expect, it } from 'vitest';
import { applicationNamespaceTest, namespaceMatcher } from './app-namespace.js';

describe('namespaces of applications (A31)', () => {
  it.each([
    ['nothing is listed', [], 'team-a', false],
    ['a name', ['team-a'], 'team-a', true],
    ['a name, not one that goes on', ['team-a'], 'team-ab', false],
    ['a glob', ['team-*'], 'team-a', true],
    ['an expression', ['/^team-[ab]$/'], 'team-b', true],
    ['an expression, which matches anywhere', ['/team/'], 'my-team-x', true],
    ['an expression that is not valid', ['/(/'], '(', false],
    ['a single slash', ['/'], 'team-a', false],
    ['the second of two', ['other', 'team-?'], 'team-a', true],
    ['an expression that would take a backtracking engine years (S12)', ['/^(a+)+$/'], `${'a'.repeat(63)}-`, false],
  ])('%s', (...[, patterns, namespace, expected]) => {
    expect(namespaceMatcher(patterns)(namespace)).toBe(expected);
  });

  it('always has the control-plane namespace', () => {
    const isLookedAfter = applicationNamespaceTest('argocd', ['team-*']);
    expect(['argocd', 'team-a', 'default'].map(isLookedAfter)).toEqual([true, true, false]);
  });
});
