/** Limits of JSON bodies before they are parsed (S12, S14). */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonExcess } from './json-limits.js';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

it.each([
  ['an object', '{"a":[1,2,{"b":"c"}]}', undefined],
  ['a body as deep as may be', nested(200), undefined],
  ['a deeper one', nested(201), 'depth'],
  ['a deeper one that does not end', '{"a":'.repeat(10_000), 'depth'],
  ['brackets in a text', JSON.stringify(nested(1_000)), undefined],
  ['a text with escaped quotes', `{"a":"\\"${'['.repeat(300)}\\\\"}`, undefined],
  ['brackets behind a text that ends with a backslash', `["\\\\",${'['.repeat(300)}`, 'depth'],
  ['many small values', `[${'{},'.repeat(200_000)}{}]`, 'values'],
  ['many numbers', `[${'0,'.repeat(300_001)}0]`, 'values'],
  ['commas in a text', JSON.stringify(','.repeat(400_000)), undefined],
  ['a text without end', '"'.padEnd(400_000, ','), undefined],
  ['nothing', '', undefined],
])('%s', (_, text, expected) => {
  expect(jsonExcess(text)).toBe(expected);
});

it('whatever JSON is small and flat enough may be parsed', () => {
  fc.assert(fc.property(fc.json({ maxDepth: 20 }), (text) => jsonExcess(text) === undefined));
});
