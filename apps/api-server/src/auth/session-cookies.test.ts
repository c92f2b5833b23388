import { describe, expect, it } from 'vitest';
import { joinToken, MAX_TOKEN_LENGTH, splitToken, tokenCookieNames } from './session-cookies.js';

const cookiesOf = (token: string) =>
  Object.fromEntries((splitToken(token) ?? []).map(({ name, value }) => [name, value]));

describe('the cookies of a session (F21)', () => {
  it.each([1, 3_899, 3_900, 3_901, 7_800, 20_000, MAX_TOKEN_LENGTH])(
    'a token of %i characters comes back whole',
    (length) => {
      const token = 'abcdefghij'.repeat(Math.ceil(length / 10)).slice(0, length);
      const cookies = cookiesOf(token);
      expect(joinToken(cookies)).toBe(token);
      for (const [name, value] of Object.entries(cookies)) {
        expect(`${name}=${value}; Path=/; HttpOnly; Secure; SameSite=Lax`.length).toBeLessThan(4_096);
      }
    },
  );

  it('are named and counted as Argo CD does', () => {
    expect(cookiesOf('short')).toEqual({ 'argocd.token': 'short' });
    expect(Object.entries(cookiesOf('x'.repeat(8_000))).map(([name, value]) => [name, value.slice(0, 3)])).toEqual([
      ['argocd.token', '3:x'],
      ['argocd.token-1', 'xxx'],
      ['argocd.token-2', 'xxx'],
    ]);
  });

  it.each<[Record<string, string>, string | undefined]>([
    [{}, undefined],
    [{ 'argocd.token': '' }, undefined],
    [{ 'argocd.token-1': 'b' }, undefined],
    [{ 'argocd.token': '2:a', 'argocd.token-1': 'b', 'argocd.token-2': 'old' }, 'ab'],
    [{ 'argocd.token': '3:a', 'argocd.token-2': 'c' }, 'ac'],
    [{ 'argocd.token': 'a', 'argocd.token-1': 'old' }, 'a'],
    [{ 'argocd.token': 'x:y' }, 'x:y'],
  ])('%o hold %s', (cookies, token) => {
    expect(joinToken(cookies)).toBe(token);
  });

  it('a token that is too long has none; other cookies are not ours', () => {
    expect(splitToken('x'.repeat(MAX_TOKEN_LENGTH + 1))).toBeUndefined();
    expect(tokenCookieNames({ 'argocd.token': 'a', 'argocd.token-1': 'b', 'argocd.tokens': 'c', other: 'd' })).toEqual([
      'argocd.token',
      'argocd.token-1',
    ]);
  });
});
