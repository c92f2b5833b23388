/** Built-in actions as a table (E15), and what answers of scripts mean (E12-E14). */
import type { KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import {
  actionPatch,
  actionsOfAnswer,
  builtInActionKinds,
  discoverBuiltIn,
  findBuiltIn,
  impactOfAnswer,
  mergeActions,
} from './index.js';

const NOW = new Date('2026-03-04T05:06:07.890Z');
const TIME = '2026-03-04T05:06:07Z';
const BY_ARGO = `By Argo CD at: ${TIME}`;

interface Case {
  readonly of: string;
  readonly action: string;
  readonly live?: Record<string, unknown>;
  readonly parameters?: Record<string, string>;
  /** Merge patch, status included. */
  readonly patch: Record<string, unknown> | undefined;
  readonly disabled?: true;
}

function object(of: string, fields: Record<string, unknown> = {}): KubernetesObject {
  const slash = of.lastIndexOf('/');
  const metadata = { name: 'thing', namespace: 'web', uid: 'u1' };
  const { annotations, ...rest } = fields;
  return {
    apiVersion: `${of.slice(0, slash)}/v1`,
    kind: of.slice(slash + 1),
    metadata: { ...metadata, ...(annotations === undefined ? {} : { annotations }) } as never,
    ...rest,
  };
}

const annotated = (annotations: Record<string, string | null>) => ({ metadata: { annotations } });
const restarted = {
  spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': TIME } } } },
};
const canary = (step: number) => ({
  spec: { strategy: { canary: { steps: [{ setWeight: 10 }, { pause: {} }] } } },
  status: { currentStepIndex: step, pauseConditions: [{ reason: 'CanaryPauseStep' }] },
});
const PAUSED = 'autoscaling.keda.sh/paused';
const RECONCILIATION = 'cnpg.io/reconciliationLoop';
const HIBERNATION = 'cnpg.io/hibernation';
const DATA_LOSS = 'numaplane.numaproj.io/allow-data-loss';

const CASES: readonly Case[] = [
  { of: 'apps/Deployment', action: 'restart', patch: restarted },
  { of: 'apps/Deployment', action: 'pause', patch: { spec: { paused: true } } },
  { of: 'apps/Deployment', action: 'pause', live: { spec: { paused: true } }, patch: undefined, disabled: true },
  { of: 'apps/Deployment', action: 'resume', live: { spec: { paused: true } }, patch: { spec: { paused: null } } },
  { of: 'apps/Deployment', action: 'resume', patch: undefined, disabled: true },
  { of: 'apps/Deployment', action: 'scale', parameters: { replicas: '3' }, patch: { spec: { replicas: 3 } } },
  { of: 'apps/StatefulSet', action: 'restart', patch: restarted },
  { of: 'apps/StatefulSet', action: 'scale', parameters: { replicas: '0' }, patch: { spec: { replicas: 0 } } },
  { of: 'apps/DaemonSet', action: 'restart', patch: restarted },
  { of: 'batch/CronJob', action: 'suspend', patch: { spec: { suspend: true } } },
  { of: 'batch/CronJob', action: 'resume', live: { spec: { suspend: true } }, patch: { spec: { suspend: false } } },
  { of: 'batch/Job', action: 'suspend', patch: { spec: { suspend: true } } },
  { of: 'batch/Job', action: 'resume', live: { spec: { suspend: true } }, patch: { spec: { suspend: false } } },
  {
    of: 'argoproj.io/Application',
    action: 'toggle-auto-sync',
    patch: { spec: { syncPolicy: { automated: { enabled: true } } } },
  },
  {
    of: 'argoproj.io/Application',
    action: 'toggle-auto-sync',
    live: { spec: { syncPolicy: { automated: { prune: true } } } },
    patch: { spec: { syncPolicy: { automated: { enabled: false } } } },
  },
  { of: 'argoproj.io/Rollout', action: 'restart', patch: { spec: { restartAt: TIME } } },
  {
    of: 'argoproj.io/Rollout',
    action: 'resume',
    live: { spec: { paused: true }, status: { pauseConditions: [{}] } },
    patch: { spec: { paused: false }, status: { pauseConditions: null } },
  },
  {
    of: 'argoproj.io/Rollout',
    action: 'abort',
    live: { status: { currentPodHash: 'a' } },
    patch: { status: { abort: true } },
  },
  {
    of: 'argoproj.io/Rollout',
    action: 'promote-full',
    live: { status: { currentPodHash: 'a', stableRS: 'a' } },
    patch: { status: { promoteFull: true } },
    disabled: true,
  },
  {
    of: 'argoproj.io/Rollout',
    action: 'skip-current-step',
    live: canary(1),
    patch: { status: { currentStepIndex: 2, pauseConditions: null } },
  },
  { of: 'argoproj.io/Rollout', action: 'skip-current-step', live: canary(2), patch: undefined, disabled: true },
  { of: 'argoproj.io/AnalysisRun', action: 'terminate', patch: { spec: { terminate: true } } },
  { of: 'argoproj.io/Workflow', action: 'stop', patch: { spec: { shutdown: 'Stop' } } },
  { of: 'argoproj.io/Workflow', action: 'terminate', patch: { spec: { shutdown: 'Terminate' } } },
  { of: 'argoproj.io/CronWorkflow', action: 'suspend', patch: { spec: { suspend: true } } },
  ...['source.toolkit.fluxcd.io/GitRepository', 'helm.toolkit.fluxcd.io/HelmRelease'].flatMap((of): readonly Case[] => [
    { of, action: 'reconcile', patch: annotated({ 'reconcile.fluxcd.io/requestedAt': BY_ARGO }) },
    { of, action: 'suspend', patch: { spec: { suspend: true } } },
    { of, action: 'resume', live: { spec: { suspend: true } }, patch: { spec: { suspend: false } } },
  ]),
  { of: 'notification.toolkit.fluxcd.io/Alert', action: 'suspend', patch: { spec: { suspend: true } } },
  { of: 'external-secrets.io/ExternalSecret', action: 'refresh', patch: annotated({ 'force-sync': TIME }) },
  { of: 'external-secrets.io/PushSecret', action: 'push', patch: annotated({ 'force-sync': TIME }) },
  { of: 'keda.sh/ScaledObject', action: 'pause', patch: annotated({ [PAUSED]: 'true' }) },
  {
    of: 'keda.sh/ScaledObject',
    action: 'paused-replicas',
    parameters: { replicas: '2' },
    patch: annotated({ 'autoscaling.keda.sh/paused-replicas': '2' }),
  },
  {
    of: 'keda.sh/ScaledJob',
    action: 'resume',
    live: { annotations: { [PAUSED]: 'true', other: 'x' } },
    patch: annotated({ [PAUSED]: null }),
  },
  {
    of: 'postgresql.cnpg.io/Cluster',
    action: 'restart',
    patch: annotated({ 'kubectl.kubernetes.io/restartedAt': TIME }),
  },
  { of: 'postgresql.cnpg.io/Cluster', action: 'reload', patch: annotated({ 'cnpg.io/reloadedAt': TIME }) },
  {
    of: 'core.strimzi.io/StrimziPodSet',
    action: 'rolling-update',
    patch: annotated({ 'strimzi.io/manual-rolling-update': 'true' }),
  },
  { of: 'numaflow.numaproj.io/Pipeline', action: 'pause', patch: { spec: { lifecycle: { desiredPhase: 'Paused' } } } },
  {
    of: 'numaplane.numaproj.io/PipelineRollout',
    action: 'pause',
    patch: { spec: { pipeline: { spec: { lifecycle: { desiredPhase: 'Paused' } } } } },
  },
  {
    of: 'numaplane.numaproj.io/MonoVertexRollout',
    action: 'enable-force-promote',
    patch: { spec: { strategy: { progressive: { forcePromote: true } } } },
  },
  { of: 'numaplane.numaproj.io/PipelineRollout', action: 'allow-data-loss', patch: annotated({ [DATA_LOSS]: 'true' }) },
  {
    of: 'batch/Job',
    action: 'terminate',
    live: { status: { active: 1 } },
    patch: {
      status: {
        conditions: [
          {
            ...{ type: 'FailureTarget', status: 'True', reason: 'ManuallyTerminated', lastTransitionTime: TIME },
            message: 'Job was terminated explicitly through Argo CD',
          },
        ],
      },
    },
  },
  {
    of: 'argoproj.io/Rollout',
    action: 'pause',
    live: { status: { currentPodHash: 'b' } },
    patch: { spec: { paused: true } },
  },
  { of: 'argoproj.io/Rollout', action: 'pause', patch: { spec: { paused: true } }, disabled: true },
  {
    of: 'argoproj.io/Rollout',
    action: 'retry',
    live: { status: { abort: true, currentPodHash: 'b' } },
    patch: { status: { abort: null } },
  },
  {
    of: 'argoproj.io/Rollout',
    action: 'promote-full',
    live: { status: { currentPodHash: 'b', stableRS: 'a' } },
    patch: { status: { promoteFull: true } },
  },
  {
    of: 'source.toolkit.fluxcd.io/Bucket',
    action: 'reconcile',
    live: { spec: { suspend: true } },
    patch: annotated({ 'reconcile.fluxcd.io/requestedAt': BY_ARGO }),
    disabled: true,
  },
  { of: 'postgresql.cnpg.io/Cluster', action: 'suspend', patch: annotated({ [RECONCILIATION]: 'disabled' }) },
  {
    of: 'postgresql.cnpg.io/Cluster',
    action: 'resume',
    live: { annotations: { [RECONCILIATION]: 'disabled' } },
    patch: annotated({ [RECONCILIATION]: null }),
  },
  { of: 'postgresql.cnpg.io/Cluster', action: 'hibernate', patch: annotated({ [HIBERNATION]: 'on' }) },
  {
    of: 'postgresql.cnpg.io/Cluster',
    action: 'rehydrate',
    live: { annotations: { [HIBERNATION]: 'on' } },
    patch: annotated({ [HIBERNATION]: 'off' }),
  },
  { of: 'k8s.mariadb.com/MariaDB', action: 'suspend', patch: { spec: { suspend: true } } },
  {
    of: 'numaflow.numaproj.io/Pipeline',
    action: 'unpause-gradual',
    live: { spec: { lifecycle: { desiredPhase: 'Paused' } } },
    patch: {
      ...annotated({ 'numaflow.numaproj.io/resume-strategy': 'slow' }),
      spec: { lifecycle: { desiredPhase: 'Running' } },
    },
  },
  {
    of: 'numaflow.numaproj.io/MonoVertex',
    action: 'unpause-gradual',
    live: { spec: { replicas: 3, lifecycle: { desiredPhase: 'Paused' } } },
    patch: { spec: { replicas: null, lifecycle: { desiredPhase: 'Running' } } },
  },
  {
    of: 'numaplane.numaproj.io/PipelineRollout',
    action: 'unpause-fast',
    live: { spec: { pipeline: { spec: { lifecycle: { desiredPhase: 'Paused' } } } } },
    patch: {
      spec: {
        pipeline: { spec: { lifecycle: { desiredPhase: 'Running' } } },
        strategy: { pauseResume: { fastResume: true } },
      },
    },
    disabled: true,
  },
  {
    of: 'numaplane.numaproj.io/PipelineRollout',
    action: 'disallow-data-loss',
    live: { annotations: { [DATA_LOSS]: 'true' } },
    patch: annotated({ [DATA_LOSS]: 'false' }),
  },
];

describe('built-in actions (E15)', () => {
  it.each(CASES)('$of $action with $live changes $patch', ({ of, action, live, parameters = {}, patch, disabled }) => {
    const subject = object(of, live);
    const result = findBuiltIn(subject, action)?.run(subject, { parameters, now: NOW });
    const { main, status } = actionPatch(subject, result as KubernetesObject);
    const both = main === undefined && status === undefined ? undefined : { ...main, ...status };
    expect(both).toEqual(patch);
    expect(discoverBuiltIn(subject).find(({ name }) => name === action)?.disabled).toBe(disabled);
  });

  it('create-job makes what kubectl create job --from makes (E13)', () => {
    const spec = { template: { spec: { containers: [{ name: 'c', env: [] }] } } };
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'thing', uid: 'u1' };
    const cronJob = object('batch/CronJob', { spec: { jobTemplate: { metadata: { labels: { a: 'b' } }, spec } } });
    expect(findBuiltIn(cronJob, 'create-job')?.run(cronJob, { parameters: {}, now: NOW })).toEqual([
      {
        operation: 'create',
        resource: {
          ...{ apiVersion: 'batch/v1', kind: 'Job', spec },
          metadata: {
            ...{ name: 'thing-2603040506', namespace: 'web', labels: { a: 'b' } },
            annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' },
            ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
          },
        },
      },
    ]);
  });

  it('create-workflow starts a workflow from its template or schedule', () => {
    const template = object('argoproj.io/WorkflowTemplate');
    const cron = object('argoproj.io/CronWorkflow', { spec: { workflowSpec: { entrypoint: 'main' } } });
    const run = (live: KubernetesObject) =>
      findBuiltIn(live, 'create-workflow')?.run(live, { parameters: {}, now: NOW });
    expect(run(template)).toMatchObject([
      { resource: { kind: 'Workflow', spec: { workflowTemplateRef: { name: 'thing' } } } },
    ]);
    expect(run(cron)).toMatchObject([
      { resource: { metadata: { name: 'thing-202603040506', namespace: 'web' }, spec: { entrypoint: 'main' } } },
    ]);
  });

  it.each(['', '-1', '1.5', 'x', '99999999999'])('scale refuses %j with a reason', (replicas) => {
    const deployment = object('apps/Deployment');
    const run = () => findBuiltIn(deployment, 'scale')?.run(deployment, { parameters: { replicas }, now: NOW });
    expect(run).toThrow(expect.objectContaining({ code: 'InvalidSpec', message: expect.stringContaining('replicas') }));
  });

  it('scale shows the count of now as its default (E14)', () => {
    const scale = discoverBuiltIn(object('apps/Deployment', { spec: { replicas: 4 } })).find(
      ({ name }) => name === 'scale',
    );
    expect(scale).toMatchObject({ name: 'scale', params: [{ name: 'replicas', default: '4' }] });
  });

  it('every action of every kind runs on an object without fields', () => {
    for (const [groupKind, actions] of builtInActionKinds()) {
      const subject = object(groupKind, { status: { instancesStatus: { healthy: ['a', 'b'] } } });
      for (const { run } of actions) expect(run(subject, { parameters: { replicas: '1' }, now: NOW })).toBeDefined();
    }
  });

  it('offers only what can be done now, where Argo CD does so', () => {
    const names = (fields: object) => discoverBuiltIn(object('batch/Job', { ...fields })).map(({ name }) => name);
    expect(names({ status: {} })).toEqual(['suspend', 'terminate']);
    expect(names({ status: {}, spec: { suspend: true } })).toEqual(['resume', 'terminate']);
    expect(names({ status: { conditions: [{ type: 'Complete', status: 'True' }] } })).toEqual([]);
  });

  it.each([
    { instance: 'any', chosen: 'db-1' },
    { instance: '2', chosen: 'db-2' },
    { instance: 'db-2', chosen: 'db-2' },
  ])('promotes the healthy instance that is meant by $instance', ({ instance, chosen }) => {
    const status = { currentPrimary: 'db-2', instancesStatus: { healthy: ['db-1', 'db-2'] } };
    const cluster = object('postgresql.cnpg.io/Cluster', { status });
    const live = { ...cluster, metadata: { ...cluster.metadata, name: 'db' } };
    const promoted = findBuiltIn(live, 'promote')?.run(live, { parameters: { instance }, now: NOW });
    expect(promoted).toMatchObject({ status: { targetPrimary: chosen, phase: 'Switchover in progress' } });
    const wrong = () => findBuiltIn(live, 'promote')?.run(live, { parameters: { instance: 'db-9' }, now: NOW });
    expect(wrong).toThrow(/no healthy instance db-9; the healthy ones are: db-1, db-2/);
  });
});

const table = (value: unknown) => ({ ok: true, type: 'table', value }) as const;
const EMPTY = Symbol('empty table');

describe('the answer of discovery.lua (E12, E14)', () => {
  it('names the actions with their properties', () => {
    const params = [
      { name: 'n', default: '1' },
      { name: 'm', type: 'int' },
    ];
    const value = { a: EMPTY, b: { disabled: true, displayName: 'B', iconClass: 'fa fa-x' }, c: { params }, d: [true] };
    expect(actionsOfAnswer(table(value))).toEqual([
      { name: 'a' },
      { name: 'b', disabled: true, displayName: 'B', iconClass: 'fa fa-x' },
      { name: 'c', params },
      { name: 'd' },
    ]);
    expect(actionsOfAnswer(table(EMPTY))).toEqual([]);
  });

  it('is refused with the reason when it is no table', () => {
    expect(() => actionsOfAnswer({ ok: true, type: 'nil', value: undefined })).toThrow(/expect table output/);
    expect(() => actionsOfAnswer({ ok: false, message: 'boom' })).toThrow('discovery.lua failed: boom');
  });

  it('replaces built-in actions of the same name', () => {
    expect(mergeActions([{ name: 'b' }, { name: 'a' }], [{ name: 'b', disabled: true }])).toEqual([
      { name: 'a' },
      { name: 'b', disabled: true },
    ]);
  });
});

describe('the answer of action.lua (E13)', () => {
  const live = { ...object('a.io/B', { spec: { map: {}, list: [] } }), extra: { x: 1 } };

  it('is the changed object, whose empty tables are what they were', () => {
    const resource = { ...live, spec: { map: EMPTY, list: [], fresh: EMPTY } };
    expect(impactOfAnswer(table(resource), live)).toEqual([
      { operation: 'patch', resource: { ...live, spec: { map: {}, list: [] } } },
    ]);
  });

  it('or a list of operations', () => {
    const resource = object('a.io/C');
    expect(
      impactOfAnswer(
        table([
          { operation: 'create', resource },
          { operation: 'patch', resource: live },
        ]),
        live,
      ),
    ).toEqual([
      { operation: 'create', resource },
      { operation: 'patch', resource: live },
    ]);
  });

  it.each<readonly [string, unknown, RegExp]>([
    ['an unknown operation', [{ operation: 'delete', resource: live }], /operation delete/],
    ['no object', [{ operation: 'create', resource: {} }], /returned no object/],
    ['an object without a name', [{ operation: 'create', resource: { ...live, metadata: {} } }], /metadata.name/],
  ])('%s is refused', (_name, value, message) => {
    expect(() => impactOfAnswer(table(value), live)).toThrow(message);
  });

  it('changes nothing that the script could not see', () => {
    const seen = {
      ...live,
      metadata: { ...live.metadata, managedFields: [{}] as never },
      n: 9_007_199_254_740_993n,
      none: null,
    };
    expect(actionPatch(seen, { ...live, n: 9_007_199_254_740_992 })).toEqual({ main: undefined, status: undefined });
  });
});
