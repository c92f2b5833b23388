import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CachedResource, ClusterChange } from '../ports.js';
import { createChangeEmitter } from './change-emitter.js';

function node(uid: string, resourceVersion: string): CachedResource<undefined> {
  const key = { group: '', kind: 'Pod', namespace: 'a', name: uid };
  return {
    key,
    version: 'v1',
    uid,
    resourceVersion,
    createdAt: undefined,
    ownerReferences: [],
    summary: undefined,
    trackedBy: undefined,
    object: undefined,
  };
}

function change(version: number, managed: boolean): ClusterChange<undefined> {
  const previous = version === 1 ? undefined : node('u', String(version - 1));
  return { type: 'upsert', current: node('u', String(version)), previous, instances: [{ instance: 'app', managed }] };
}

describe('the change emitter', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('delivers changes of managed objects at once', () => {
    const delivered: ClusterChange<undefined>[] = [];
    createChangeEmitter<undefined>((entry) => delivered.push(entry), 100).emit(change(1, true));
    expect(delivered).toEqual([change(1, true)]);
  });

  it('delivers a burst of others as one change from the first state to the last', () => {
    const delivered: ClusterChange<undefined>[] = [];
    const emitter = createChangeEmitter<undefined>((entry) => delivered.push(entry), 100);
    for (const version of [1, 2, 3]) emitter.emit(change(version, false));
    expect(delivered).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(delivered).toEqual([{ ...change(3, false), previous: undefined }]);
    vi.advanceTimersByTime(1_000);
    expect(delivered).toHaveLength(1);
  });
});
