import { describe, expect, it } from 'vitest';
import { createOwnWrites } from './own-writes.js';
import { compareResourceVersions } from './resource-version.js';

describe('compareResourceVersions', () => {
  it.each([
    { a: '9', b: '10', expected: 'older' },
    { a: '10', b: '10', expected: 'equal' },
    { a: '12345678901234567891', b: '12345678901234567890', expected: 'newer' },
    { a: 'abc', b: '10', expected: 'equal' },
  ])('$a is $expected against $b', ({ a, b, expected }) => {
    expect(['older', 'equal', 'newer'][Math.sign(compareResourceVersions(a, b)) + 1]).toBe(expected);
  });
});

describe('own writes', () => {
  it('make older versions stale until the watch has caught up', () => {
    const writes = createOwnWrites(() => 0);
    writes.note('a', '10');
    expect([writes.isStale('a', '9'), writes.isStale('b', '9')]).toEqual([true, false]);
    expect(writes.isStale('a', '10')).toBe(false);
    expect(writes.isStale('a', '9')).toBe(false);
  });

  it('are forgotten after a minute without confirmation, for example after etcd was restored from a backup', () => {
    let now = 0;
    const writes = createOwnWrites(() => now);
    writes.note('a', '10');
    now = 60_001;
    expect(writes.isStale('a', '9')).toBe(false);
  });
});
