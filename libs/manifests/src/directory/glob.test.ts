import { expect, it } from 'vitest';
import { compileGlob } from './glob.js';

it.each([
  ['*.yaml', 'a.yaml', true],
  ['*.yaml', 'sub/a.yaml', true],
  ['**/*.yaml', 'a.yaml', false],
  ['**/*.yaml', 'sub/a.yaml', true],
  ['a.yaml', 'b/a.yaml', false],
  ['?.yaml', 'a.yaml', true],
  ['?.yaml', 'ab.yaml', false],
  ['[a-c].yaml', 'b.yaml', true],
  ['[!a-c].yaml', 'b.yaml', false],
  ['[abx].yaml', 'x.yaml', true],
  ['{a,b}.yaml', 'b.yaml', true],
  ['{a,{b,c}x}.yaml', 'cx.yaml', true],
  ['{config.json,env-usw2/*}', 'env-usw2/a/b.yaml', true],
  ['{config.json,env-usw2/*}', 'env-use1/a.yaml', false],
  ['\\*.yaml', '*.yaml', true],
  ['\\*.yaml', 'a.yaml', false],
  ['a*b*c', 'axxbyyc', true],
  ['a*b*c', 'axxbyy', false],
  ['', '', true],
  ['ä?.yaml', 'ä😀.yaml', true],
])('%s against %s is %s', (pattern, path, expected) => {
  expect(compileGlob(pattern)(path)).toBe(expected);
});

it.each(['{a', '[a', '{a,b}'.repeat(11), 'a'.repeat(1_001)])('the pattern %s is refused', (pattern) => {
  expect(() => compileGlob(pattern)).toThrow(/include or exclude/);
});

it('S12 a pattern made to be slow is not', () => {
  const started = performance.now();
  expect(compileGlob('*a'.repeat(200))(`${'a'.repeat(4_000)}b`)).toBe(false);
  expect(performance.now() - started).toBeLessThan(10_000);
});
