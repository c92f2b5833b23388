import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { isGlob, matchesGlob } from '../index.js';

it.each([
  ['*', 'any/thing', true],
  ['*-prod', 'web-prod', true],
  ['*-prod', 'web-dev', false],
  ['https://git.example.com/*', 'https://git.example.com/a/b', true],
  ['team-?', 'team-a', true],
  ['team-?', 'team-ab', false],
  ['[a-c]x', 'bx', true],
  ['[!a-c]x', 'bx', false],
  ['{dev,prod}-*', 'prod-1', true],
  ['{dev,prod}-*', 'test-1', false],
  ['a.b', 'axb', false],
  ['a+(b)|c^$', 'a+(b)|c^$', true],
  ['\\*', '*', true],
  ['\\*', 'x', false],
  ['a,b', 'a,b', true],
  ['{broken', '{broken', false],
  ['*🚀', 'to the 🚀', true],
  ['to the ?', 'to the 🚀', true],
  ['{a,b{c,d}}x', 'bdx', true],
  ['{a,b{c,d}}x', 'bx', false],
  ['a}b', 'a}b', true],
  [`{${Array.from({ length: 100 }, (_, i) => `n${i}`).join(',')}}-*-*`, 'n77-a-b', true],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['*', '', true],
  ['?', '', false],
  ['[', '[', false],
])('%s against %s: %s', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected);
});

it.each([
  ['*', 'a/b', false],
  ['*/b', 'a/b', true],
  ['**', 'a/b', true],
  ['a?b', 'a/b', false],
  ['**/b/*', 'x/a/b/c', true],
  ['**/b/*', 'x/b/c/b', false],
  ['**/b/*', 'x/b/c/b/d', true],
  ['a/*/c', 'a/b/b/c', false],
])('with the separator /, %s against %s: %s', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text, { separators: '/' })).toBe(expected);
});

it.each([
  { name: 'many stars', pattern: `${'*a'.repeat(30)}b`, options: {} },
  { name: 'many stars with a separator', pattern: `**${'*a'.repeat(30)}b`, options: { separators: '/' } },
  { name: 'many alternatives', pattern: `${'{a,aa}'.repeat(30)}b`, options: {} },
])('$name take no exponential time (S11)', ({ pattern, options }) => {
  expect(matchesGlob(pattern, 'a'.repeat(2_000), options)).toBe(false);
});

type OracleCase = readonly [pattern: string, text: string, separators: string, answer: 'true' | 'false' | 'error'];

/** What github.com/gobwas/glob v1.1.0, which Argo CD uses, answered to hand-picked and random patterns. */
const ORACLE = JSON.parse(
  readFileSync(new URL('testdata/gobwas-glob.json', import.meta.url), 'utf8'),
) as readonly OracleCase[];

it('answers as gobwas/glob does; what is an error there matches nothing (F01, F11)', () => {
  const ours = ORACLE.map(([pattern, text, separators]) => matchesGlob(pattern, text, { separators }));
  const wrong = ORACLE.filter(([, , , answer], index) => (answer === 'true') !== ours[index]);
  expect(wrong).toEqual([]);
  expect(ORACLE.filter(([pattern, , , answer]) => isGlob(pattern) === (answer === 'error'))).toEqual([]);
  expect(new Set(ORACLE.map(([, , , answer]) => answer)).size).toBe(3);
});
