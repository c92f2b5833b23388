import { GitOpsError } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { keyId, timerId } from './ids.js';
import { mergeEntries } from './merge-entries.js';
import { retryAfterMs } from './retry-policy.js';

describe('retryAfterMs', () => {
  const backoff = (attempt: number) => attempt * 1_000;
  it.each([
    { name: 'an upstream failure backs off', error: new GitOpsError('Upstream', 'x'), attempt: 3, expected: 3_000 },
    { name: 'an unknown error backs off', error: new TypeError('x'), attempt: 1, expected: 1_000 },
    {
      name: 'a wrong spec waits for a change',
      error: new GitOpsError('InvalidSpec', 'x'),
      attempt: 1,
      expected: undefined,
    },
    {
      name: 'waiting takes the time it names',
      error: new GitOpsError('Waiting', 'x', { retry: { afterMs: 7 } }),
      attempt: 9,
      expected: 7,
    },
    { name: 'a conflict is tried again at once', error: new GitOpsError('Conflict', 'x'), attempt: 3, expected: 0 },
    { name: 'conflicts without end slow down', error: new GitOpsError('Conflict', 'x'), attempt: 5, expected: 2_000 },
  ])('$name', ({ error, attempt, expected }) => {
    expect(retryAfterMs(error, attempt, backoff)).toBe(expected);
  });
});

describe('mergeEntries', () => {
  it('keeps one entry per key: the strongest priority, each part of the request by maximum', () => {
    const merged = mergeEntries([
      { key: 'a', priority: 'periodic', request: { level: 1, hardness: 1, since: 5 } },
      { key: 'b', priority: 'webhook' },
      { key: 'a', priority: 'person' },
      { key: 'a', priority: 'dependency', request: { level: 3, hardness: 0, since: 9 } },
    ]);
    expect(merged).toEqual([
      { key: 'a', priority: 'person', request: { level: 3, hardness: 1, since: 9 } },
      { key: 'b', priority: 'webhook' },
    ]);
  });
});

it.each(['a/b', 'a:b', 'a@timer', 'ä'])('ids of the key %s have no colon and differ from its timer', (key) => {
  expect(keyId(key)).not.toContain(':');
  expect(timerId(key)).not.toContain(':');
  expect(keyId(`${key}@timer`)).not.toBe(timerId(key));
});
