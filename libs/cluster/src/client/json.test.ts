import { describe, expect, it } from 'vitest';
import { parseJson, stringifyJson } from './json.js';

describe('JSON of the API server', () => {
  it.each([
    {
      name: 'keeps 64-bit integers exact',
      text: '{"a":9007199254740993,"b":-9223372036854775808,"c":[18446744073709551615]}',
    },
    { name: 'leaves digits inside strings alone', text: '{"a":"x:12345678901234567890","b":"1"}' },
    { name: 'keeps small numbers and fractions numbers', text: '{"a":1,"b":1.5,"c":9007199254740991}' },
  ])('$name over a round trip', ({ text }) => {
    expect(stringifyJson(parseJson(text))).toBe(text);
  });

  it('gives a bigint only where a number would be wrong', () => {
    expect(parseJson('[9007199254740991,9007199254740993]')).toEqual([9007199254740991, 9007199254740993n]);
  });

  it('reports other failures of JSON.stringify', () => {
    const loop: { self?: unknown } = {};
    loop.self = loop;
    expect(() => stringifyJson(loop)).toThrow(TypeError);
  });
});
