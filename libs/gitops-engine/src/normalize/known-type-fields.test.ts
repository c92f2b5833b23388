import type { JsonObject, JsonValue } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { canonicalDuration } from './duration.js';
import { normalizeKnownTypeFields } from './known-type-fields.js';

const ROLLOUT = { group: 'argoproj.io', kind: 'Rollout' };

function normalized(spec: JsonObject, field: string, type: string): JsonValue | undefined {
  return normalizeKnownTypeFields({ spec }, ROLLOUT, [{ ...ROLLOUT, field, type }])['spec'];
}

describe('known types in custom resources (C12)', () => {
  it.each<[string, JsonObject, string, string, JsonObject]>([
    ['a quantity', { size: '1024Mi' }, 'spec.size', 'core/Quantity', { size: '1Gi' }],
    ['a quantity as a number', { cpu: 1 }, 'spec.cpu', 'core/Quantity', { cpu: '1' }],
    ['a map of quantities', { r: { cpu: '1000m' } }, 'spec.r', 'core/v1/ResourceList', { r: { cpu: '1' } }],
    ['a duration', { wait: '60s' }, 'spec.wait', 'meta/v1/Duration', { wait: '1m0s' }],
    [
      'a PodSpec',
      { template: { spec: { containers: [{ name: 'a', resources: { limits: { cpu: '1000m' } }, env: [] }] } } },
      ...(['spec.template.spec', 'core/v1/PodSpec'] as const),
      { template: { spec: { containers: [{ name: 'a', resources: { limits: { cpu: '1' } } }] } } },
    ],
    [
      'a field of each element',
      { pools: [{ size: '1000m' }] },
      'spec.pools.size',
      'core/Quantity',
      { pools: [{ size: '1' }] },
    ],
    ['nothing where the field is missing', { other: '1000m' }, 'spec.size', 'core/Quantity', { other: '1000m' }],
    ['nothing for an unknown type', { size: '1000m' }, 'spec.size', 'Quantity', { size: '1000m' }],
    ['nothing that is not of the type', { size: 'large' }, 'spec.size', 'core/Quantity', { size: 'large' }],
  ])('make one of the spellings of %s', (...[, spec, field, type, expected]) => {
    expect(normalized(spec, field, type)).toEqual(expected);
  });

  it('are those of the kind only', () => {
    const field = { ...ROLLOUT, field: 'spec.size', type: 'core/Quantity' };
    const object = { spec: { size: '1000m' } };
    expect(normalizeKnownTypeFields(object, { group: 'other.io', kind: 'Rollout' }, [field])).toEqual(object);
  });
});

describe('a duration', () => {
  it.each([
    ['60s', '1m0s'],
    ['1h', '1h0m0s'],
    ['1.5h', '1h30m0s'],
    ['90m', '1h30m0s'],
    ['1500ms', '1.5s'],
    ['0.5s', '500ms'],
    ['10us', '10µs'],
    ['1h0m0.25s', '1h0m0.25s'],
    ['-30s', '-30s'],
    ['0s', '0s'],
    ['0', '0s'],
    ['5 minutes', '5 minutes'],
    ['', ''],
  ])('%j is %j', (text, expected) => {
    expect(canonicalDuration(text)).toBe(expected);
  });
});
