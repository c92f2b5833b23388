import { describe, expect, it } from 'vitest';
import { parseJsonLines } from './json-lines.js';

describe('parseJsonLines', () => {
  it.each([
    ['{"a":1}\n{"b":2}\n', [{ a: 1 }, { b: 2 }]],
    ['{"a":1}\r\n\r\n{"b":2}', [{ a: 1 }, { b: 2 }]],
    ['', []],
  ])('%j is %j', (text, expected) => {
    expect(parseJsonLines(text)).toEqual(expected);
  });

  it('names the line that is not JSON, and refuses a flood of lines', () => {
    expect(() => parseJsonLines('{}\n{,')).toThrow(/^line 2 of the body is not JSON/);
    expect(() => parseJsonLines('\n'.repeat(100_001))).toThrow(/more than 100000 lines/);
  });
});
