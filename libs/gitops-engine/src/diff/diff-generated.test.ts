import type { JsonObject, JsonValue } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { diffResource } from './diff-resource.js';
import { applied, OPTIONS, object } from './testing/cases.js';

describe('diffResource on generated objects', () => {
  const runs = Array.from({ length: 150 }, (_, seed) => ({ seed }));

  it.each(runs)('is equal for the same state, pure and repeatable (seed $seed)', ({ seed }) => {
    const random = generator(seed);
    const body = deepFreeze({ spec: randomMap(random, 4) }) as JsonObject;
    const kind = seed % 2 === 0 ? 'example.com/v1 Widget' : 'apps/v1 Deployment';
    const target = deepFreeze(object(kind, body));
    const live = deepFreeze(
      object(kind, structuredClone(body), [applied({ 'f:spec': fieldsOf(body['spec'] ?? null) })]),
    );
    const first = diffResource(target, live, OPTIONS);
    expect(first.differences).toEqual([]);
    expect(first.verdict).toBe('equal');
    const again = diffResource(target, first.normalizedLive && { ...first.normalizedLive }, OPTIONS);
    expect(again.normalizedLive).toEqual(first.normalizedLive);
  });

  it.each(runs)('is never equal after a scalar of the target changed (seed $seed)', ({ seed }) => {
    const random = generator(seed + 10_000);
    const body = { spec: { ...randomMap(random, 4), changed: 'before' } };
    const live = object('example.com/v1 Widget', body, [applied({ 'f:spec': fieldsOf(body.spec) })]);
    const target = object('example.com/v1 Widget', { spec: { ...body.spec, changed: 'after' } });
    expect(diffResource(target, live, OPTIONS).differences.map(({ path }) => path)).toEqual(['spec.changed']);
  });
});

/** Mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function randomMap(random: () => number, depth: number): Record<string, JsonValue> {
  const size = Math.floor(random() * 5);
  return Object.fromEntries(Array.from({ length: size }, (_, index) => [`k${index}`, randomValue(random, depth - 1)]));
}

function randomValue(random: () => number, depth: number): JsonValue {
  const choice = random();
  if (depth > 0 && choice < 0.3) return randomMap(random, depth);
  if (depth > 0 && choice < 0.5)
    return Array.from({ length: Math.floor(random() * 4) }, () => randomValue(random, depth - 1));
  const scalars: readonly JsonValue[] = [
    '',
    'text',
    '1000m',
    '1Gi',
    0,
    1,
    2.5,
    true,
    false,
    null,
    '2026-01-01T00:00:00Z',
  ];
  return scalars[Math.floor(random() * scalars.length)] ?? null;
}

function fieldsOf(value: JsonValue): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [`f:${name}`, fieldsOf(member as JsonValue)]),
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
