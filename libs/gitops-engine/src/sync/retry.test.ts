import type { OperationState } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { boundRevisions, decideRetry, lastAttempted, retryDelayMs, retryDueAt, startRetry } from './retry.js';

const NOW = new Date('2026-01-01T12:00:00.400Z');
const failed: OperationState = {
  operation: { sync: { revision: 'rev1' }, retry: { limit: 2 } },
  phase: 'Failed',
  message: 'it broke',
  startedAt: '2026-01-01T11:59:00Z',
  syncResult: { revision: 'rev1', resources: [] },
};

describe('retrying a failed operation', () => {
  it('keeps it Running with the time of the end and a count (D39)', () => {
    expect(decideRetry(failed, { terminated: false, now: NOW })).toEqual({
      kind: 'retry',
      retryAt: new Date('2026-01-01T12:00:05Z'),
      state: {
        ...failed,
        phase: 'Running',
        finishedAt: '2026-01-01T12:00:00Z',
        retryCount: 1,
        message: 'it broke. Retrying attempt #1 at 2026-01-01T12:00:05Z.',
      },
    });
  });

  it('is due at the same moment for a worker that takes over', () => {
    const decision = decideRetry({ ...failed, retryCount: 1 }, { terminated: false, now: NOW });
    expect(decision.kind === 'retry' && retryDueAt(decision.state)).toEqual(
      decision.kind === 'retry' && decision.retryAt,
    );
    expect(decision.kind === 'retry' && decision.retryAt).toEqual(new Date('2026-01-01T12:00:10Z'));
  });

  it.each([
    { name: 'a success', state: { ...failed, phase: 'Succeeded' as const }, terminated: false },
    { name: 'a termination (D41)', state: failed, terminated: true },
    { name: 'an operation without retries', state: { ...failed, operation: { sync: {} } }, terminated: false },
    { name: 'an operation whose retries are used up', state: { ...failed, retryCount: 2 }, terminated: false },
  ])('$name is over', ({ state, terminated }) => {
    const decision = decideRetry(state, { terminated, now: NOW });
    expect(decision).toMatchObject({ kind: 'stop', state: { phase: state.phase, finishedAt: '2026-01-01T12:00:00Z' } });
  });

  it('says how often it was retried', () => {
    const { state } = decideRetry({ ...failed, retryCount: 2 }, { terminated: false, now: NOW });
    expect(state.message).toBe('it broke (retried 2 times).');
  });

  it('never runs out with a limit below 0 (A11)', () => {
    const endless = { ...failed, retryCount: 99, operation: { retry: { limit: -1 } } };
    expect(decideRetry(endless, { terminated: false, now: NOW }).kind).toBe('retry');
  });

  it('waits 5 s, doubled each time, at most 3 minutes unless told otherwise (D35)', () => {
    expect([0, 1, 2, 9].map((count) => retryDelayMs(undefined, count))).toEqual([5_000, 10_000, 20_000, 180_000]);
    const backoff = { duration: '1m', factor: 3, maxDuration: '1h' };
    expect([0, 1, 2, 9].map((count) => retryDelayMs({ backoff }, count))).toEqual([
      60_000, 180_000, 540_000, 3_600_000,
    ]);
  });

  it('begins anew with the pinned revision', () => {
    const next = startRetry({ ...failed, phase: 'Running', retryCount: 1, finishedAt: '2026-01-01T12:00:00Z' });
    expect(next).toEqual({
      operation: failed.operation,
      phase: 'Running',
      retryCount: 1,
      startedAt: failed.startedAt,
      message: 'Retrying operation. Attempt #1',
      syncResult: { revision: 'rev1' },
    });
    expect([boundRevisions(next), lastAttempted(next)]).toEqual([undefined, ['rev1']]);
  });

  it('is bound to a revision from its first render on', () => {
    expect([boundRevisions(failed), lastAttempted(failed)]).toEqual([['rev1'], undefined]);
    const several = { ...failed, syncResult: { revision: '', revisions: ['a', 'b'], resources: [] } };
    expect(boundRevisions(several)).toEqual(['a', 'b']);
    const { syncResult: _, ...fresh } = failed;
    expect([boundRevisions(fresh), lastAttempted(fresh)]).toEqual([undefined, undefined]);
  });

  it('forgets the pinned revision when asked to refresh (D40)', () => {
    const operation = { sync: { revision: 'rev1', revisions: ['rev1'], prune: true }, retry: { refresh: true } };
    const next = startRetry({ ...failed, retryCount: 2, operation });
    expect(next.operation.sync).toEqual({ prune: true });
    expect(next.message).toBe('Retrying operation with latest revisions. Attempt #2');
  });

  it.each([
    ['20s', 20_000],
    ['20', 20_000],
    ['1m30s', 90_000],
    ['soon', 5_000],
    ['', 5_000],
  ])('reads the back-off %j as %i ms', (duration, ms) => {
    expect(retryDelayMs({ backoff: { duration } }, 0)).toBe(ms);
  });
});
