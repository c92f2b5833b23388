import type { Application, Operation } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, NOW, operationState } from '../testing/builders.js';
import { beginState, operationRunning, startedEvent } from './begin.js';

it.each<{ name: string; app: Application; running: boolean }>([
  { name: 'nothing recorded', app: application(), running: false },
  { name: 'running', app: application({ status: { operationState: operationState() } }), running: true },
  {
    name: 'being terminated',
    app: application({ status: { operationState: operationState({ phase: 'Terminating' }) } }),
    running: true,
  },
  {
    name: 'an earlier one succeeded',
    app: application({ status: { operationState: operationState({ phase: 'Succeeded' }) } }),
    running: false,
  },
  {
    name: 'an earlier one failed',
    app: application({ status: { operationState: operationState({ phase: 'Failed' }) } }),
    running: false,
  },
])('$name: running is $running', ({ app, running }) => {
  expect(operationRunning(app)).toBe(running);
});

it('a new operation starts now, without anything of an earlier one', () => {
  const operation: Operation = { sync: { revision: 'v1' } };
  expect(beginState(operation, new Date('2026-01-01T00:00:00.999Z'))).toEqual({
    ...{ operation, phase: 'Running', startedAt: NOW },
  });
});

describe('the Event of a start', () => {
  it.each<{ name: string; operation: Operation; message: string }>([
    {
      name: 'a person',
      operation: { initiatedBy: { username: 'jane' }, sync: { revision: 'v1' } },
      message: 'jane initiated sync to v1',
    },
    {
      name: 'auto-sync',
      operation: { initiatedBy: { automated: true }, sync: { revision: 'v1' } },
      message: 'Initiated automated sync to v1',
    },
    {
      name: 'several sources',
      operation: { initiatedBy: { username: 'jane' }, sync: { revisions: ['a', 'b'] } },
      message: 'jane initiated sync to a, b',
    },
    { name: 'kubectl', operation: { sync: {} }, message: 'Unknown user initiated sync to the target revision' },
  ])('names who started what: $name', ({ operation, message }) => {
    expect(startedEvent(operation)).toEqual({ type: 'Normal', reason: 'OperationStarted', message });
  });
});
