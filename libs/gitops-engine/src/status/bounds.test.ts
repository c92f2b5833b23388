import type { ResourceStatus, ResourceSyncResult } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { boundedConditions, boundedMessage, boundedResources, boundedResults, boundedTexts } from './bounds.js';

const bytes = (value: unknown) => JSON.stringify(value).length;
const many = <T>(count: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const configMap = (index: number, more: Partial<ResourceStatus> = {}): ResourceStatus => ({
  ...{
    version: 'v1',
    kind: 'ConfigMap',
    namespace: 'a-namespace-with-a-long-name',
    name: `settings-${index}`,
    status: 'Synced',
  },
  ...more,
});
const applied = (index: number, more: Partial<ResourceSyncResult> = {}): ResourceSyncResult => ({
  ...{ group: '', version: 'v1', kind: 'ConfigMap', namespace: 'web', name: `settings-${index}`, status: 'Synced' },
  ...{ message: `configmap/settings-${index} configured`, hookPhase: 'Succeeded', syncPhase: 'Sync' },
  ...more,
});

describe('resources in the status (R14)', () => {
  it('are as they were while they fit', () => {
    const resources = many(1_000, configMap);
    expect(boundedResources(resources)).toBe(resources);
  });

  it('of a large application stay below the bound, in their order, with all that needs attention', () => {
    const drifted = (index: number) => index % 1_000 === 999;
    const resources = many(20_000, (index) => configMap(index, drifted(index) ? { status: 'OutOfSync' } : {}));
    const secret = { version: 'v1', kind: 'Secret', name: 'last', status: 'Synced' } as const;
    const kept = boundedResources([...resources, secret]);
    expect(bytes(kept)).toBeLessThan(330 * 1024);
    expect(bytes(kept)).toBeGreaterThan(200 * 1024);
    expect(kept.filter(({ status }) => status === 'OutOfSync')).toHaveLength(20);
    expect(kept.at(-1)).toEqual(secret);
    const positions = kept.map((entry) => [...resources, secret].indexOf(entry as never));
    expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  });
});

describe('results of a sync (R14)', () => {
  it('keep hooks and failures before what was applied', () => {
    const hook = applied(-1, { kind: 'Job', hookType: 'PostSync', hookPhase: 'Running', syncPhase: 'PostSync' });
    const failure = applied(-2, { status: 'SyncFailed', hookPhase: 'Failed' });
    const kept = boundedResults([...many(20_000, (index) => applied(index)), failure, hook]);
    expect(bytes(kept)).toBeLessThan(330 * 1024);
    expect(kept.slice(-2)).toEqual([failure, hook]);
  });

  it('have messages of bounded length', () => {
    const [result] = boundedResults([applied(0, { message: 'x'.repeat(10_000) })]);
    expect(result?.message).toMatch(/^x{4000}… \(6000 more characters\)$/);
  });
});

describe('conditions', () => {
  it('are fifty at most, with at least one of each type; the last one says how many more there are', () => {
    const shared = many(500, (index) => ({ type: 'SharedResourceWarning', message: `c${index} is shared` }) as const);
    const kept = boundedConditions([...shared, { type: 'SyncError', message: 'failed' }]);
    expect(kept).toHaveLength(50);
    expect(kept.filter(({ type }) => type === 'SyncError')).toHaveLength(1);
    expect(kept.at(-1)?.message).toBe('c48 is shared (and 451 more conditions)');
  });

  it('are as they were when they are few', () => {
    const conditions = [{ type: 'SyncError', message: 'failed' }] as const;
    expect(boundedConditions(conditions)).toEqual(conditions);
  });
});

it('texts of a summary are those that fit', () => {
  expect(boundedTexts(many(10_000, (index) => `registry.example/image:${index}`)).length).toBeLessThan(1_200);
  expect(boundedTexts(['a', 'b'])).toEqual(['a', 'b']);
  expect(boundedMessage('short')).toBe('short');
});
