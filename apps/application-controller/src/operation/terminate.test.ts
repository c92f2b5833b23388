import { type Application, GitOpsError, type KubernetesObject, type Operation } from '@tiphys/model';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ResourceWriter } from '../ports.js';
import { application, configMap, SHA_A } from '../testing/builders.js';
import { world } from '../testing/world.js';

const SYNC: Operation = { sync: { revision: SHA_A }, initiatedBy: { username: 'jane' } };
const syncing = (operation: Operation = SYNC): Application => application({ operation });

describe('an operation that is terminated (D41)', () => {
  const job: KubernetesObject = {
    ...{ apiVersion: 'batch/v1', kind: 'Job', spec: {} },
    metadata: { name: 'migrate', namespace: 'web', annotations: { 'argocd.argoproj.io/hook': 'PreSync' } },
  };
  const terminating = { status: { operationState: { phase: 'Terminating' } } };
  const { signal } = new AbortController();

  it('deletes its running hooks and needs neither Git nor a renderer for it', async () => {
    const { operate, app, applications, cluster, manifests } = world(syncing(), { git: [job, configMap('a')] });
    expect(await operate()).toMatchObject({ reason: 'waiting for completion of hook batch/Job/migrate' });
    manifests.answer = new GitOpsError('Upstream', 'git.test does not answer');
    await applications.patch(app() ?? application(), terminating, signal);
    expect(await operate()).toEqual({ kind: 'done' });
    expect(cluster.calls.slice(-2)).toEqual(['release Job/migrate', 'prune Job/migrate']);
    expect(app()?.operation).toBeUndefined();
    expect(app()?.status?.operationState).toMatchObject({
      ...{ phase: 'Failed', message: 'Operation terminated' },
      syncResult: { resources: [{ name: 'migrate', hookPhase: 'Failed', message: 'Terminated' }] },
    });
  });

  it('finds a hook that its worker wrote and did not live to record', async () => {
    const { operate, app, applications, cluster } = world(syncing(), { git: [job, configMap('a')] });
    await operate();
    const forget = { status: { operationState: { ...terminating.status.operationState, syncResult: null } } };
    await applications.patch(app() ?? application(), forget, signal);
    await operate();
    expect(cluster.objects.size).toBe(0);
  });

  it('ends while a render hangs', async () => {
    const { operate, app, applications, manifests } = world(syncing());
    manifests.generate = (_, aborted) => {
      const hangs = new Promise<never>((_resolve, reject) => {
        aborted.addEventListener('abort', () => reject(aborted.reason as Error));
      });
      return applications.patch(app() ?? application(), terminating, signal).then(() => hangs);
    };
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState).toMatchObject({ phase: 'Failed', message: 'Operation terminated' });
  });

  it('ends although its cluster is away, and says that hooks may be left', async () => {
    const { operate, app, applications, deps } = world(syncing(), { git: [job] });
    await operate();
    await applications.patch(app() ?? application(), terminating, signal);
    const away = async () => Promise.reject(new GitOpsError('Upstream', 'cluster.test does not answer'));
    Object.assign(deps, { clusters: { ...deps.clusters, for: away } });
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState?.message).toBe(
      'Operation terminated; its hooks may still run, since they could not be deleted: cluster.test does not answer',
    );
  });

  it('is not retried', async () => {
    const retry = { limit: 5 };
    const { operate, app, clock } = world(syncing({ ...SYNC, retry }), {
      git: [job],
      settings: { syncTimeoutMs: 60_000 },
    });
    expect(await operate()).toMatchObject({ kind: 'requeueAfter' });
    clock.advance(60_001);
    expect(await operate()).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState).toMatchObject({ phase: 'Failed' });
    expect(app()?.operation).toBeUndefined();
  });
});

describe('an API server that does not answer', () => {
  afterEach(() => void vi.useRealTimers());

  it('does not hold a termination back (D41)', async () => {
    vi.useFakeTimers();
    const { operate, app, applications, deps, cluster } = world(syncing(), { git: [configMap('a')] });
    const terminating = { status: { operationState: { phase: 'Terminating' } } };
    const hangs: ResourceWriter['apply'] = async (_, __, { signal }) => {
      await applications.patch(app() ?? application(), terminating, new AbortController().signal);
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    };
    Object.assign(deps, { writer: { ...cluster.writer, apply: hangs } });
    const turn = operate();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await turn).toEqual({ kind: 'done' });
    expect(app()?.status?.operationState).toMatchObject({ phase: 'Failed', message: 'Operation terminated' });
  });
});
