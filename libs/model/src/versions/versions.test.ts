import { describe, expect, it } from 'vitest';
import { isRange, isVersion, maxInRange, maxTagInRange, maxVersion, versionMatches } from './index.js';

const TAGS = ['v1.0.0', 'v1.9.0', '1.10', 'v2.0.0-rc.1', 'v2.0.0-rc.2', 'latest', 'v3'];

describe('maxInRange (A07)', () => {
  it.each([
    ['1.*', '1.10'],
    ['~1.0', 'v1.0.0'],
    ['>=1.0, <1.10', 'v1.9.0'],
    ['=>1.0 =<1.9', 'v1.9.0'],
    ['^2.0.0-0', 'v2.0.0-rc.2'],
    ['1.0 - 1.9', 'v1.9.0'],
    ['^1, !=1.10', 'v1.9.0'],
    ['^1 != 1.10.0 != v1.9.0', 'v1.0.0'],
    ['~1.0 || ~1.9', 'v1.9.0'],
    ['!=3', '1.10'],
    ['^2', undefined],
    ['*', 'v3'],
    ['', 'v3'],
    ['>=4', undefined],
    ['main', undefined],
  ])('"%s" takes %s', (range, expected) => {
    expect(maxInRange(range, TAGS)).toBe(expected);
  });

  it('A08 with a prefix only tags that have it count', () => {
    expect(maxTagInRange('^1', ['app/v1.1.0', 'v1.5.0', 'app/1.2'], 'app/')).toBe('app/1.2');
    expect(maxTagInRange('^2', ['app/v1.1.0'], 'app/')).toBeUndefined();
  });
});

describe('maxVersion (A09)', () => {
  it.each([
    ['1.0.0', '1.0.0'],
    ['v1.0.0', '1.0.0'],
    ['1.4.0', 'v1.4.0'],
    ['1.4', 'v1.4.0'],
    ['2.0.0', undefined],
    ['1.*', '1.10.0'],
    ['<1', '0.9'],
    ['>1.4.0 <2', '1.10.0'],
    ['^1.0.0 || ^2.0.0-0', '2.0.0-beta.2'],
    ['>=0.0.0-0', '2.0.0-beta.2'],
    ['latest', undefined],
    ['no version', undefined],
  ])('"%s" is %s', (wanted, expected) => {
    expect(maxVersion(wanted, ['1.0.0', 'v1.4.0', '1.10.0', '2.0.0-beta.2', '0.9', 'latest'])).toBe(expected);
    expect(expected === undefined || versionMatches(wanted, expected)).toBe(true);
  });
});

describe('what is a range', () => {
  it.each(['main', 'v1.2.3', '1', 'feature-1', 'abc1234', 'release/1.x', 'latest'])('"%s" is none', (text) => {
    expect(isRange(text)).toBe(false);
  });

  it.each(['^1.2', '1.x', '*', '>=1.0, <2.0', '!=1.2.3', '1 - 2', '^1 || ^2'])('"%s" is one', (text) => {
    expect([isRange(text), isVersion(text)]).toEqual([true, false]);
  });
});
