import { describe, expect, it } from 'vitest';
import { canonicalQuantity } from './quantity.js';

describe('canonicalQuantity, as k8s.io/apimachinery/pkg/api/resource stores it', () => {
  it.each([
    ['1000m', '1'],
    ['1', '1'],
    [1, '1'],
    [0.5, '500m'],
    ['0.5', '500m'],
    ['.5', '500m'],
    ['1.', '1'],
    ['+1', '1'],
    ['-1500m', '-1500m'],
    ['0', '0'],
    ['0Ki', '0'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['1023Ki', '1023Ki'],
    ['1024', '1024'],
    ['536870912', '536870912'],
    ['1000k', '1M'],
    ['1500k', '1500k'],
    ['1e3', '1e3'],
    ['1000e0', '1e3'],
    ['1E6', '1e6'],
    ['2E', '2E'],
    ['8Ei', '8Ei'],
    ['0.1n', '1n'],
    ['100u', '100u'],
  ])('writes %j as %s', (given, expected) => {
    expect(canonicalQuantity(given)).toBe(expected);
    expect(canonicalQuantity(expected)).toBe(expected);
  });
  it.each(['', 'abc', '1Z', '1 Gi', '--1', '1.2.3', 'Mi', '1e', '0x10'])('does not take %j for a quantity', (given) => {
    expect(canonicalQuantity(given)).toBeUndefined();
  });
  it('writes equal amounts alike in one notation', () => {
    expect(canonicalQuantity('1Gi', 'decimal')).toBe(canonicalQuantity('1073741824', 'decimal'));
  });
});
