import { expect, it } from 'vitest';
import { matchesGlob } from '../index.js';

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
  ['{broken', '{broken', true],
  ['*🚀', 'to the 🚀', true],
  ['to the ?', 'to the 🚀', true],
  ['{a,b{c,d}}x', 'bdx', true],
  ['{a,b{c,d}}x', 'bx', false],
  ['a}b{', 'a}b{', true],
  ['a*b*c', 'a-b-b-c', true],
  ['a*b*c', 'a-c-b', false],
  ['*', '', true],
  ['?', '', false],
  ['[', '[', true],
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
