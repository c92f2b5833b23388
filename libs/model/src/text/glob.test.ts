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
])('%s against %s: %s', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text)).toBe(expected);
});

it.each([
  ['*', 'a/b', false],
  ['*/b', 'a/b', true],
  ['**', 'a/b', true],
  ['a?b', 'a/b', false],
])('with the separator /, %s against %s: %s', (pattern, text, expected) => {
  expect(matchesGlob(pattern, text, { separators: '/' })).toBe(expected);
});
