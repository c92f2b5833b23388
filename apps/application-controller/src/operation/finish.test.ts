import { type Application, GitOpsError, type OperationState, type SyncOperation } from '@tiphys/model';
import { fakeClock } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import type { RenderedManifests } from '../ports.js';
import { application, NOW, operationState, SHA_A, SHA_B, specOf } from '../testing/builders.js';
import { memoryApplications } from '../testing/memory-applications.js';
import { memoryDeployments, recordingEvents, recordingQueue } from '../testing/recording-ports.js';
import { type FinishedAttempt, finishAttempt } from './finish.js';

const { signal } = new AbortController();
const KEY = 'argocd/guestbook';
const source = specOf().source ?? { repoURL: '' };
const jane = { username: 'jane' };
const KEPT = { targets: [], revisions: [], sources: [], sourceTypes: [], manifestHash: 'old' };

function syncing(sync: SyncOperation, more: Partial<OperationState> = {}, parts: Partial<Application> = {}) {
  const operation = { sync, initiatedBy: jane };
  const state = operationState({ operation, syncResult: { revision: SHA_A, source }, ...more });
  const app = application({ operation: state.operation, ...parts, status: { ...parts.status, operationState: state } });
  return { app, state };
}

async function finish(
  attempt: Omit<FinishedAttempt, 'phase' | 'message'> & Partial<FinishedAttempt>,
  deployments = memoryDeployments(),
) {
  for (const { id } of attempt.app.status?.history ?? []) deployments.kept.set(id, KEPT);
  const applications = memoryApplications(attempt.app);
  const refreshQueue = recordingQueue();
  const events = recordingEvents();
  const finished: string[] = [];
  const outcome = await finishAttempt(
    {
      ...{ applications, refreshQueue, events, clock: fakeClock(), deployments },
      onFinished: (_, { phase }) => void finished.push(phase),
    },
    { phase: 'Succeeded', message: 'successfully synced (all tasks run)', ...attempt },
    signal,
  );
  return { outcome, refreshQueue, events, deployments, finished, applications, app: applications.get(KEY) };
}

describe('an operation that succeeded', () => {
  it('is recorded as a deployment, in one write, and asks for a fresh comparison (D44)', async () => {
    const { outcome, app, applications, refreshQueue, events, finished } = await finish(syncing({ revision: SHA_A }));
    expect(outcome).toEqual({ kind: 'done' });
    expect(applications.patches).toHaveLength(1);
    expect(app?.operation).toBeUndefined();
    expect(app?.status?.operationState).toMatchObject({ phase: 'Succeeded', finishedAt: NOW });
    expect(app?.status?.history).toEqual([
      { id: 0, revision: SHA_A, source, deployStartedAt: NOW, deployedAt: NOW, initiatedBy: jane },
    ]);
    expect(refreshQueue.enqueued).toEqual([
      { key: KEY, priority: 'person', request: { level: 2, hardness: 0, since: 0 } },
    ]);
    expect(events.recorded).toEqual([
      { type: 'Normal', reason: 'OperationCompleted', message: `Sync operation to ${SHA_A} succeeded` },
    ]);
    expect(finished).toEqual(['Succeeded']);
  });

  it('keeps what it deployed, and drops what the history no longer names (design 9)', async () => {
    const history = [7, 8].map((id) => ({ id, revision: SHA_B, source, deployedAt: NOW }));
    const spec = specOf({ revisionHistoryLimit: 2 });
    const rendered: RenderedManifests = {
      ...{ targets: [], revisions: [SHA_A], sourceTypes: ['Directory'], manifestHash: 'new', warnings: [] },
    };
    const { deployments } = await finish({ ...syncing({}, {}, { spec, status: { history } }), rendered });
    expect([...deployments.kept.keys()]).toEqual([8, 9]);
    expect(deployments.kept.get(9)).toMatchObject({ manifestHash: 'new', revisions: [SHA_A], sources: [source] });
  });

  it('is a success although its manifests could not be kept; an Event says so', async () => {
    const deployments = memoryDeployments();
    deployments.save = () => Promise.reject(new GitOpsError('PermissionDenied', 'no Secrets for you'));
    const rendered = { targets: [], revisions: [SHA_A], sourceTypes: [], manifestHash: '', warnings: [] };
    const { app, events } = await finish({ ...syncing({ revision: SHA_A }), rendered }, deployments);
    expect(app?.status?.operationState?.phase).toBe('Succeeded');
    expect(app?.status?.history).toHaveLength(1);
    expect(events.recorded[0]).toMatchObject({ type: 'Warning', reason: 'DeploymentNotKept' });
    expect(events.recorded[0]?.message).toContain('no Secrets for you');
  });

  it('of several sources is recorded with all of them', async () => {
    const syncResult = { revision: '', revisions: [SHA_A, SHA_B], sources: [source, source] };
    const { app } = await finish(syncing({}, { syncResult }));
    expect(app?.status?.history?.[0]).toMatchObject({ revisions: [SHA_A, SHA_B], sources: [source, source] });
  });

  it.each<{ name: string; sync: SyncOperation; more?: Partial<OperationState> }>([
    { name: 'a partial sync', sync: { resources: [{ kind: 'ConfigMap', name: 'a' }] } },
    { name: 'a dry run', sync: { dryRun: true } },
    { name: 'an operation that rendered nothing', sync: {}, more: { syncResult: undefined as never } },
  ])('$name is no deployment', async ({ sync, more }) => {
    const { app } = await finish(syncing(sync, more));
    expect(app?.status?.operationState?.phase).toBe('Succeeded');
    expect(app?.status?.history).toBeUndefined();
  });

  it('keeps as many deployments as revisionHistoryLimit says (A15)', async () => {
    const entry = (id: number) => ({ id, revision: SHA_B, deployedAt: NOW });
    const spec = specOf({ revisionHistoryLimit: 2 });
    const { app } = await finish(syncing({}, {}, { spec, status: { history: [entry(3), entry(4)] } }));
    expect(app?.status?.history?.map(({ id }) => id)).toEqual([4, 5]);
  });
});

describe('an operation that failed', () => {
  const failed = { phase: 'Failed', message: 'one or more objects failed to apply' } as const;
  const retry = { limit: 2, backoff: { duration: '5s', factor: 2, maxDuration: '3m' } };

  it('without retries is over: a warning, no deployment', async () => {
    const { outcome, app, events, finished } = await finish({ ...syncing({ revision: SHA_A }), ...failed });
    expect(outcome).toEqual({ kind: 'done' });
    expect(app?.operation).toBeUndefined();
    expect(app?.status?.history).toBeUndefined();
    expect(events.recorded).toEqual([
      {
        ...{ type: 'Warning', reason: 'OperationCompleted' },
        message: `Sync operation to ${SHA_A} failed: one or more objects failed to apply`,
      },
    ]);
    expect(finished).toEqual(['Failed']);
  });

  it.each([
    { retries: 0, ms: 5_000 },
    { retries: 1, ms: 10_000 },
  ])('waits for its next attempt after $retries retries (D39)', async ({ retries, ms }) => {
    const { app: before, state } = syncing({}, { retryCount: retries });
    const operation = { ...state.operation, retry };
    const app = { ...before, operation, status: { operationState: { ...state, operation } } };
    const result = await finish({ app, state: { ...state, operation }, ...failed });
    expect(result.outcome).toEqual({ kind: 'requeueAfter', ms, reason: 'retry' });
    expect(result.app?.operation).toEqual(operation);
    expect(result.app?.status?.operationState).toMatchObject({
      ...{ phase: 'Running', finishedAt: NOW, retryCount: retries + 1 },
      message: expect.stringContaining(`Retrying attempt #${retries + 1} at`),
    });
    expect(result.refreshQueue.enqueued).toHaveLength(1);
    expect([result.events.recorded, result.finished]).toEqual([[], []]);
  });

  it('is over after its last retry, and says how many there were', async () => {
    const { app: before, state } = syncing({}, { retryCount: 2 });
    const operation = { ...state.operation, retry };
    const app = { ...before, operation, status: { operationState: { ...state, operation } } };
    const result = await finish({ app, state: { ...state, operation }, ...failed });
    expect(result.outcome).toEqual({ kind: 'done' });
    expect(result.app?.status?.operationState?.message).toBe(`${failed.message} (retried 2 times).`);
  });

  it('is not retried when a person terminated it (D41)', async () => {
    const { app: before, state } = syncing({}, { phase: 'Terminating' });
    const operation = { ...state.operation, retry };
    const app = { ...before, operation, status: { operationState: { ...state, operation } } };
    const result = await finish({
      app,
      state: { ...state, operation },
      phase: 'Failed',
      message: 'Operation terminated',
    });
    expect(result.outcome).toEqual({ kind: 'done' });
    expect(result.app?.status?.operationState).toMatchObject({ phase: 'Failed', message: 'Operation terminated' });
  });
});
