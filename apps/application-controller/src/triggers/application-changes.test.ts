import { ANNOTATIONS, type Application } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, operationState, specOf } from '../testing/builders.js';
import { triggersOf } from './application-changes.js';

const KEY = 'argocd/guestbook';
const BEFORE = application({ status: { sync: { status: 'Synced' } } });
const annotated = (annotations: Record<string, string>): Application =>
  application({ metadata: { annotations }, status: { sync: { status: 'Synced' } } });
const request = (level: number, hardness = 0) => ({ level, hardness, since: 0 });

describe('what a change of an Application asks of the refresh queue', () => {
  it.each([
    {
      name: 'a new application is compared with the newest commit, when there is time',
      previous: undefined,
      current: BEFORE,
      refresh: { key: KEY, priority: 'periodic', request: request(2) },
    },
    { name: 'our own status write asks for nothing (idle is free)', current: { ...BEFORE, status: {} } },
    {
      name: 'a new spec is compared at once, with the ref resolved anew',
      current: { ...BEFORE, spec: specOf({ project: 'other' }) },
      refresh: { key: KEY, priority: 'person', request: request(3) },
    },
    {
      name: 'a normal refresh annotation resolves the ref anew (A24)',
      current: annotated({ [ANNOTATIONS.refresh]: 'normal' }),
      refresh: { key: KEY, priority: 'person', request: request(3) },
    },
    {
      name: 'a hard refresh annotation is a hard refresh (A24)',
      current: annotated({ [ANNOTATIONS.refresh]: 'hard' }),
      refresh: { key: KEY, priority: 'person', request: request(3, 1) },
    },
    {
      name: 'a refresh annotation that was there before asks for nothing more',
      previous: annotated({ [ANNOTATIONS.refresh]: 'hard' }),
      current: annotated({ [ANNOTATIONS.refresh]: 'hard', other: 'x' }),
    },
    {
      name: 'the refresh annotation that we remove asks for nothing',
      previous: annotated({ [ANNOTATIONS.refresh]: 'hard' }),
      current: BEFORE,
    },
    { name: 'an annotation that decides nothing asks for nothing', current: annotated({ note: 'x' }) },
    ...[
      ANNOTATIONS.rollbackHold,
      ANNOTATIONS.pruneLimit,
      ANNOTATIONS.deletionApproved,
      ANNOTATIONS.skipReconcile,
      ANNOTATIONS.compareOptions,
    ].map((annotation) => ({
      name: `${annotation} is looked at again, since it changes a decision`,
      current: annotated({ [annotation]: 'x' }),
      refresh: { key: KEY, priority: 'person', request: request(2) },
    })),
    {
      name: 'an application that is no longer skipped is resolved anew: pushes were not looked at (A25)',
      ...{ previous: annotated({ [ANNOTATIONS.skipReconcile]: 'true' }), current: application() },
      refresh: { key: KEY, priority: 'person', request: request(3) },
    },
    {
      name: 'a deleted application is forgotten',
      previous: BEFORE,
      current: undefined,
      refresh: { key: KEY, priority: 'dependency' },
    },
  ])('$name', ({ current, refresh, ...rest }) => {
    const previous = 'previous' in rest ? rest.previous : BEFORE;
    expect(triggersOf({ current, previous })).toEqual({ refresh, operation: undefined });
  });
});

describe('what a change of an Application asks of the operation queue', () => {
  const syncing = { ...BEFORE, operation: { sync: { revision: 'v1' } } };
  const running = { ...syncing, status: { operationState: operationState() } };
  const deleted = (finalizers: readonly string[]): Application =>
    application({ metadata: { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers }, status: BEFORE.status ?? {} });

  it.each([
    { name: 'an operation of a person is urgent', current: syncing, priority: 'person' },
    {
      name: 'an automated operation gives way to people',
      current: { ...syncing, operation: { initiatedBy: { automated: true } } },
      priority: 'selfHeal',
    },
    { name: 'an operation that was there before is not started twice', previous: syncing, current: running },
    { name: 'progress of an operation asks for nothing', previous: running, current: { ...running, status: {} } },
    {
      name: 'a finished operation asks for nothing',
      previous: syncing,
      current: BEFORE,
    },
    {
      name: 'a termination is urgent (D41)',
      previous: running,
      current: { ...running, status: { operationState: operationState({ phase: 'Terminating' }) } },
      priority: 'person',
    },
    { name: 'a deletion is urgent (D51)', current: deleted(['a']), priority: 'person' },
    {
      name: 'a finalizer less is looked at again',
      previous: deleted(['a', 'b']),
      current: deleted(['b']),
      priority: 'person',
    },
    { name: 'the rest of a deletion asks for nothing', previous: deleted(['a']), current: deleted(['a']) },
    {
      name: 'an application that is no longer skipped goes on with its operation (A25)',
      previous: { ...running, metadata: annotated({ [ANNOTATIONS.skipReconcile]: 'true' }).metadata },
      current: running,
      priority: 'person',
    },
    {
      name: 'an application without a predecessor goes on with its operation',
      previous: undefined,
      current: running,
      priority: 'person',
    },
  ])('$name', ({ current, priority, ...rest }) => {
    const previous = 'previous' in rest ? rest.previous : BEFORE;
    const { operation } = triggersOf({ current, previous });
    expect(operation).toEqual(priority === undefined ? undefined : { key: KEY, priority });
  });
});

it('a change of nothing asks for nothing', () => {
  expect(triggersOf({ current: undefined, previous: undefined })).toEqual({ refresh: undefined, operation: undefined });
});
