import { ANNOTATIONS, type Application, GitOpsError, type KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap, NOW, operationState, SHA_A, SHA_B, specOf, stored } from '../testing/builders.js';
import { KEY, world } from '../testing/world.js';

const PENDING = { level: 2, hardness: 0, since: 0, token: 'token-1' };
const AUTOMATED = specOf({ syncPolicy: { automated: {} } });
const live = (name: string, data: object = { k: 'v' }): KubernetesObject =>
  stored({
    ...configMap(name, { annotations: { [ANNOTATIONS.trackingId]: `guestbook:/ConfigMap:web/${name}` } }),
    data,
  });

describe('a refresh', () => {
  it('shows what differs, publishes tree and resources, and acknowledges the request', async () => {
    const { refresh, app, applications, views, refreshQueue, memory, operationQueue } = world(application(), {
      git: [configMap('a')],
      pending: PENDING,
    });
    expect(await refresh()).toEqual({ kind: 'done' });
    expect(applications.patches).toHaveLength(1);
    expect(app()?.status).toMatchObject({
      sync: { status: 'OutOfSync', revision: SHA_A },
      health: { status: 'Missing', lastTransitionTime: NOW },
      resources: [{ kind: 'ConfigMap', name: 'a', status: 'OutOfSync' }],
      reconciledAt: NOW,
    });
    expect(views.published).toMatchObject([{ tree: { nodes: [{ name: 'a' }] }, managed: [{ name: 'a' }] }]);
    expect(refreshQueue.acknowledged).toEqual(['token-1']);
    expect([memory.size, operationQueue.enqueued]).toEqual([0, []]);
  });

  it('writes nothing when nothing differs, and does not compare equal inputs again (design 4.3, 4.4)', async () => {
    const { refresh, applications, views, clock, manifests } = world(application(), {
      ...{ git: [configMap('a')], live: [live('a')], pending: PENDING },
    });
    await refresh();
    clock.advance(3_600_000);
    await refresh();
    expect([manifests.requests.length, applications.patches.length, views.published.length]).toEqual([2, 1, 1]);
  });

  it('of another commit with the same manifests moves the revision only', async () => {
    const { refresh, app, applications, views, commit } = world(application(), {
      ...{ git: [configMap('a')], live: [live('a')], pending: PENDING },
    });
    await refresh();
    commit([configMap('a')], { revisions: [SHA_B] });
    await refresh();
    expect(applications.patches[1]).toMatchObject({ status: { sync: { revision: SHA_B } } });
    expect([app()?.status?.sync?.status, views.published.length]).toEqual(['Synced', 1]);
  });

  it('that could not publish its views is done again in full, and is no failed comparison (R1)', async () => {
    const { refresh, app, views, deps } = world(application(), {
      ...{ git: [configMap('a')], live: [live('a')], pending: PENDING },
    });
    const { publish } = views;
    Object.assign(deps.views, { publish: () => Promise.reject(new GitOpsError('Upstream', 'Redis is away')) });
    await expect(refresh()).rejects.toMatchObject({ code: 'Upstream' });
    expect(app()?.status).toMatchObject({ sync: { status: 'Synced' } });
    expect(app()?.status?.conditions).toBeUndefined();
    Object.assign(deps.views, { publish });
    await refresh();
    expect(views.published).toHaveLength(1);
  });

  it.each([
    { persistResourceHealth: true, health: { status: 'Missing' }, source: undefined },
    { persistResourceHealth: false, health: undefined, source: 'appTree' },
  ])('keeps the health of resources where the setting says: $persistResourceHealth (E10)', async (given) => {
    const { persistResourceHealth, health, source } = given;
    const { refresh, app } = world(application(), { git: [configMap('a')], settings: { persistResourceHealth } });
    await refresh();
    const { resources, resourceHealthSource } = app()?.status ?? {};
    expect([resources?.[0]?.health, resourceHealthSource]).toEqual([health, source]);
  });

  it('removes the annotation that asked for it, in the same write', async () => {
    const asked = application({ metadata: { annotations: { [ANNOTATIONS.refresh]: 'hard', keep: 'x' } } });
    const { refresh, app, manifests, applications } = world(asked, { git: [configMap('a')] });
    await refresh();
    expect(manifests.requests).toMatchObject([{ cacheMode: 'hard' }]);
    expect(applications.patches).toHaveLength(1);
    expect(app()?.metadata.annotations).toEqual({ keep: 'x' });
  });

  it('starts an automated sync in the write that decided it', async () => {
    const { refresh, app, applications, operationQueue, events } = world(application({ spec: AUTOMATED }), {
      git: [configMap('a')],
    });
    await refresh();
    expect(applications.patches).toHaveLength(1);
    expect(app()).toMatchObject({
      operation: { sync: { revision: SHA_A }, initiatedBy: { automated: true } },
      status: { operationState: { phase: 'Running', startedAt: NOW, operation: { sync: { revision: SHA_A } } } },
    });
    expect(operationQueue.enqueued).toEqual([{ key: KEY, priority: 'selfHeal' }]);
    expect(events.recorded.map(({ reason }) => reason)).toContain('OperationStarted');
  });

  it('an automated operation inherits nothing from the one before it (81415fd)', async () => {
    const earlier = operationState({
      phase: 'Succeeded',
      operation: { sync: { revision: SHA_B, resources: [{ kind: 'ConfigMap', name: 'old' }], dryRun: true } },
      syncResult: { revision: SHA_B, resources: [] },
      finishedAt: NOW,
      retryCount: 3,
    });
    const { refresh, app } = world(application({ spec: AUTOMATED, status: { operationState: earlier } }), {
      git: [configMap('a')],
    });
    await refresh();
    const operation = { sync: { revision: SHA_A }, initiatedBy: { automated: true }, retry: { limit: 5 } };
    expect(app()?.operation).toEqual(operation);
    expect(app()?.status?.operationState).toEqual({
      ...{ operation, phase: 'Running', startedAt: NOW },
    });
  });
});

describe('a refresh that cannot compare', () => {
  it('names a project that does not exist, and does not look at Git', async () => {
    const { refresh, app, manifests } = world(application(), { project: undefined });
    expect(await refresh()).toEqual({ kind: 'done' });
    expect(app()?.status?.conditions).toMatchObject([
      { type: 'InvalidSpecError', message: expect.stringContaining('project default which does not exist') },
    ]);
    expect(manifests.requests).toEqual([]);
  });

  it('shows an error of the manifests, once, and waits for the next change', async () => {
    const { refresh, app, applications, manifests, refreshQueue } = world(application(), { pending: PENDING });
    manifests.answer = new GitOpsError('ManifestGeneration', 'values.yaml: not YAML');
    expect(await refresh()).toEqual({ kind: 'done' });
    await refresh();
    expect(app()?.status).toMatchObject({
      sync: { status: 'Unknown' },
      conditions: [{ type: 'ComparisonError', message: 'values.yaml: not YAML' }],
    });
    expect(applications.patches).toHaveLength(1);
    expect(refreshQueue.acknowledged).toEqual(['token-1', 'token-1']);
  });

  it('shows a Git host that is away and is tried again: the request is not lost (R8)', async () => {
    const { refresh, app, manifests, refreshQueue } = world(application(), { pending: PENDING });
    manifests.answer = new GitOpsError('Upstream', 'git.test does not answer');
    await expect(refresh()).rejects.toMatchObject({ code: 'Upstream' });
    expect(app()?.status?.conditions).toMatchObject([{ type: 'ComparisonError' }]);
    expect(refreshQueue.acknowledged).toEqual([]);
  });

  it('leaves the status as it is while an outage is short, and tries again (C26)', async () => {
    const { refresh, app, applications, manifests } = world(application(), { pending: PENDING });
    await refresh();
    const before = app();
    applications.patches.length = 0;
    manifests.answer = new GitOpsError('Upstream', 'git.test does not answer');
    await expect(refresh()).rejects.toMatchObject({ code: 'Upstream' });
    expect(applications.patches).toEqual([]);
    expect(app()).toEqual(before);
  });

  it('says how old the shown state is once an outage is longer than the grace period (C26, R9)', async () => {
    const { refresh, app, manifests, clock } = world(application(), { pending: PENDING });
    await refresh();
    const outage = clock
      .now()
      .toISOString()
      .replace(/\.\d+Z/, 'Z');
    manifests.answer = new GitOpsError('Upstream', 'the repo-server cannot be reached.');
    await expect(refresh()).rejects.toMatchObject({ code: 'Upstream' });
    clock.advance(3_600_000);
    await expect(refresh()).rejects.toMatchObject({ code: 'Upstream' });
    expect(app()?.status).toMatchObject({
      sync: { status: 'Unknown' },
      health: { status: 'Healthy' },
      conditions: [
        { message: `the repo-server cannot be reached. (resources and health are shown as they were at ${outage})` },
      ],
    });
  });

  it('leaves a conflicting write to the next turn (R11)', async () => {
    const { refresh, applications, refreshQueue } = world(application(), { git: [configMap('a')], pending: PENDING });
    applications.changeBehindTheWatch(KEY, (now) => now);
    await expect(refresh()).rejects.toMatchObject({ code: 'Conflict' });
    expect([applications.patches, refreshQueue.acknowledged]).toEqual([[], []]);
  });
});

describe('a refresh that has nothing to compare', () => {
  const running = operationState();

  it('forgets an application that is gone', async () => {
    const { refresh, views, cluster, memory } = world(undefined);
    memory.set(KEY, 'fingerprint');
    expect(await refresh()).toEqual({ kind: 'done' });
    expect([views.forgotten, cluster.forgotten, memory.size]).toEqual([[KEY], ['guestbook'], 0]);
  });

  it.each<{ name: string; app: Application; outcome: object; operations: number }>([
    {
      name: 'hands a deletion over to the operations',
      app: application({ metadata: { deletionTimestamp: NOW } }),
      outcome: { kind: 'done' },
      operations: 1,
    },
    {
      name: 'leaves an application with skip-reconcile alone (A25)',
      app: application({ metadata: { annotations: { [ANNOTATIONS.skipReconcile]: 'true' } } }),
      outcome: { kind: 'done' },
      operations: 0,
    },
    {
      name: 'waits while an operation writes',
      app: application({
        operation: running.operation,
        status: { operationState: running, sync: { status: 'Synced', comparedTo: comparedTo() } },
      }),
      outcome: { kind: 'requeueAfter', ms: 2_000, reason: 'an operation is running' },
      operations: 0,
    },
  ])('$name', async ({ app, outcome, operations }) => {
    const { refresh, manifests, operationQueue, applications } = world(app, {
      pending: { ...PENDING, level: 1 },
    });
    expect(await refresh()).toEqual(outcome);
    expect([manifests.requests, applications.patches, operationQueue.enqueued.length]).toEqual([[], [], operations]);
  });

  function comparedTo() {
    const { source = { repoURL: '' }, destination } = specOf();
    return { source, destination };
  }
});

describe('hard refresh by time (C24)', () => {
  it('happens once per interval, not with every event after it', async () => {
    const options = {
      settings: { hardRefreshAfterMs: 60_000 },
      pending: { level: 1, hardness: 0, since: 0, token: 't' },
    };
    const subject = world(application({ status: { reconciledAt: '2020-01-01T00:00:00Z' } }), options);
    await subject.refresh();
    expect(subject.manifests.requests.map(({ cacheMode }) => cacheMode)).not.toContain('hard');
    subject.clock.advance(61_000);
    await subject.refresh();
    await subject.refresh();
    expect(subject.manifests.requests.map(({ cacheMode }) => cacheMode).filter((mode) => mode === 'hard')).toHaveLength(
      1,
    );
  });
});
