/** Actions of widely used operators' kinds (E15), by the fields and annotations that their documentation names. */
import { GitOpsError, type KubernetesObject, kubernetesTime } from '@tiphys/model';
import { textAt, valueAt } from '../../health/fields.js';
import { withAnnotation, withField } from '../change-object.js';
import type { BuiltInAction } from '../types.js';
import { hideDisabled, isTrue, replicasOf, setAnnotation, toggle, touch } from './patterns.js';

const suspension = toggle('suspend', 'resume', ['spec', 'suspend']);

/** https://fluxcd.io/flux/components/kustomize/kustomizations/#triggering-a-reconcile and `#suspend` */
export const FLUX_ACTIONS: readonly BuiltInAction[] = [
  {
    ...touch('reconcile', 'reconcile.fluxcd.io/requestedAt', 'By Argo CD at: '),
    isDisabled: (live) => isTrue(live, ['spec', 'suspend']),
  },
  ...suspension,
];
/** Kinds that nothing reconciles (Alert and Provider of Flux): they can be suspended only. */
export const FLUX_PASSIVE_ACTIONS: readonly BuiltInAction[] = suspension;

/** https://external-secrets.io/latest/introduction/faq/#can-i-manually-trigger-a-secret-refresh */
export const EXTERNAL_SECRET_ACTIONS: readonly BuiltInAction[] = [touch('refresh', 'force-sync')];
export const PUSH_SECRET_ACTIONS: readonly BuiltInAction[] = [touch('push', 'force-sync')];

const PAUSED = 'autoscaling.keda.sh/paused';
const PAUSED_REPLICAS = 'autoscaling.keda.sh/paused-replicas';

const kedaResume: BuiltInAction = {
  ...{ name: 'resume', iconClass: 'fa fa-fw fa-play-circle' },
  isDisabled: ({ metadata: { annotations = {} } }) =>
    annotations[PAUSED] !== 'true' && !(PAUSED_REPLICAS in annotations),
  run: (live) => withAnnotation(withAnnotation(live, PAUSED, undefined), PAUSED_REPLICAS, undefined),
};

const kedaPause: BuiltInAction = {
  ...setAnnotation('pause', PAUSED, 'true'),
  iconClass: 'fa fa-fw fa-pause-circle',
  isDisabled: ({ metadata: { annotations = {} } }) => annotations[PAUSED] === 'true' || PAUSED_REPLICAS in annotations,
};

/** https://keda.sh/docs/latest/concepts/scaling-deployments/#pause-autoscaling */
export const SCALED_JOB_ACTIONS: readonly BuiltInAction[] = [kedaPause, kedaResume];
export const SCALED_OBJECT_ACTIONS: readonly BuiltInAction[] = [
  kedaPause,
  {
    ...{ name: 'paused-replicas', iconClass: 'fa fa-fw fa-pause-circle' },
    isDisabled: ({ metadata }) => metadata.annotations?.[PAUSED] === 'true',
    parameters: ({ metadata }) => [{ name: 'replicas', default: metadata.annotations?.[PAUSED_REPLICAS] ?? '0' }],
    run: (live, { parameters }) => withAnnotation(live, PAUSED_REPLICAS, String(replicasOf(parameters))),
  },
  kedaResume,
];

const HIBERNATION = 'cnpg.io/hibernation';
const RECONCILIATION = 'cnpg.io/reconciliationLoop';

const promote: BuiltInAction = {
  ...{ name: 'promote', displayName: 'Promote Replica to Primary', iconClass: 'fa fa-fw fa-angles-up' },
  isDisabled: (live) => healthyInstances(live).length < 2,
  parameters: () => [{ name: 'instance', default: 'any' }],
  run: (live, { parameters, now }) => {
    const chosen = chooseInstance(live, parameters['instance'] ?? 'any');
    const changes = {
      targetPrimary: chosen,
      targetPrimaryTimestamp: kubernetesTime(now),
      phase: 'Switchover in progress',
      phaseReason: `Switching over to ${chosen}`,
    };
    return Object.entries(changes).reduce((object, [name, value]) => withField(object, ['status', name], value), live);
  },
};

function healthyInstances(live: KubernetesObject): readonly string[] {
  const healthy = valueAt(live, 'status', 'instancesStatus', 'healthy');
  return Array.isArray(healthy) ? healthy.filter((name): name is string => typeof name === 'string') : [];
}

/** By name, by number, or the healthy one after the primary. */
function chooseInstance(live: KubernetesObject, wanted: string): string {
  const healthy = healthyInstances(live);
  const primary = textAt(live, 'status', 'currentPrimary') ?? '';
  const next = healthy[(healthy.indexOf(primary) + 1) % Math.max(healthy.length, 1)];
  const named = healthy.find((name) => name === wanted || name === `${live.metadata.name ?? ''}-${wanted}`);
  const chosen = wanted === 'any' ? next : named;
  if (chosen !== undefined) return chosen;
  throw new GitOpsError(
    'InvalidSpec',
    `there is no healthy instance ${wanted}; the healthy ones are: ${healthy.join(', ') || 'none'}`,
  );
}

/** https://cloudnative-pg.io/documentation/current/kubectl-plugin/, `declarative_hibernation/`, `failure_modes/` */
export const CNPG_CLUSTER_ACTIONS: readonly BuiltInAction[] = [
  {
    ...touch('restart', 'kubectl.kubernetes.io/restartedAt'),
    displayName: 'Rollout restart Cluster',
    iconClass: 'fa fa-fw fa-recycle',
  },
  {
    ...touch('reload', 'cnpg.io/reloadedAt'),
    displayName: 'Reload all Configuration',
    iconClass: 'fa fa-fw fa-rotate-right',
  },
  promote,
  ...hideDisabled([
    {
      ...setAnnotation('suspend', RECONCILIATION, 'disabled'),
      displayName: 'Suspend Reconciliation',
      iconClass: 'fa fa-fw fa-pause',
    },
    {
      ...{ name: 'resume', displayName: 'Resume Reconciliation', iconClass: 'fa fa-fw fa-play' },
      isDisabled: ({ metadata }) => metadata.annotations?.[RECONCILIATION] !== 'disabled',
      run: (live) => withAnnotation(live, RECONCILIATION, undefined),
    },
    {
      ...setAnnotation('hibernate', HIBERNATION, 'on'),
      displayName: 'Hibernate Cluster',
      iconClass: 'fa fa-fw fa-pause',
    },
    {
      ...{ name: 'rehydrate', displayName: 'Rehydrate Cluster', iconClass: 'fa fa-fw fa-play' },
      isDisabled: ({ metadata }) => metadata.annotations?.[HIBERNATION] !== 'on',
      run: (live) => withAnnotation(live, HIBERNATION, 'off'),
    },
  ]),
];

/** https://github.com/mariadb-operator/mariadb-operator/blob/main/docs/suspend.md */
export const MARIADB_ACTIONS: readonly BuiltInAction[] = hideDisabled(suspension);

/** https://strimzi.io/docs/operators/latest/deploying#proc-manual-rolling-update-strimzipodset-str */
export const STRIMZI_POD_SET_ACTIONS: readonly BuiltInAction[] = [
  setAnnotation('rolling-update', 'strimzi.io/manual-rolling-update', 'true'),
];

const RESUME_STRATEGY = 'numaflow.numaproj.io/resume-strategy';
const ALLOWED_STRATEGIES = 'numaflow.numaproj.io/allowed-resume-strategies';
const UPGRADE_STATE = 'numaplane.numaproj.io/upgrade-state';
const FORCE_PROMOTE_LABEL = 'numaplane.numaproj.io/force-promote';

type Change = (live: KubernetesObject) => KubernetesObject;

interface Lifecycle {
  /** Where the spec of the pipeline or vertex is. */
  readonly spec: readonly string[];
  /** Where its annotations are. */
  readonly metadata: readonly string[];
  readonly gradual: Change;
  readonly fast: Change;
}

function lifecycle({ spec, metadata, gradual, fast }: Lifecycle): readonly BuiltInAction[] {
  const path = [...spec, 'lifecycle', 'desiredPhase'];
  const isPaused = (live: KubernetesObject) => textAt(live, ...path) === 'Paused';
  const allowed = (live: KubernetesObject) => textAt(live, ...metadata, 'annotations', ALLOWED_STRATEGIES) ?? 'slow';
  const unpause = (name: string, strategy: 'slow' | 'fast'): BuiltInAction => ({
    ...{ name, iconClass: 'fa-solid fa-fw fa-play' },
    displayName: strategy === 'slow' ? 'Unpause (gradual)' : 'Unpause (fast)',
    isDisabled: (live) => isOwned(live) || !isPaused(live) || !allowed(live).includes(strategy),
    run: (live) => (strategy === 'slow' ? gradual : fast)(withField(live, path, 'Running')),
  });
  return [
    {
      ...{ name: 'pause', iconClass: 'fa-solid fa-fw fa-pause' },
      isDisabled: (live) => isOwned(live) || isPaused(live),
      run: (live) => withField(live, path, 'Paused'),
    },
    unpause('unpause-gradual', 'slow'),
    unpause('unpause-fast', 'fast'),
  ];
}

/** Numaplane would undo what is done to its children, but for those that it has given up. */
function isOwned({ kind, metadata }: KubernetesObject): boolean {
  if (metadata.labels?.[UPGRADE_STATE] === 'recyclable-expired') return false;
  return metadata.ownerReferences?.some((owner) => owner.kind === `${kind}Rollout`) === true;
}

const resumeStrategy =
  (strategy: string): Change =>
  (live) =>
    withAnnotation(live, RESUME_STRATEGY, strategy);
const fastResume =
  (value: boolean): Change =>
  (live) =>
    withField(live, ['spec', 'strategy', 'pauseResume', 'fastResume'], value);

/** A rollout of Numaplane holds the object in a template below its spec. */
function rolloutLifecycle(template: string): readonly BuiltInAction[] {
  const paths = { spec: ['spec', template, 'spec'], metadata: ['spec', template, 'metadata'] };
  return lifecycle({ ...paths, gradual: fastResume(false), fast: fastResume(true) });
}

const forcePromote: BuiltInAction = {
  ...{ name: 'force-promote', displayName: 'Force Promote', iconClass: 'fa-solid fa-fw fa-forward' },
  isDisabled: ({ metadata: { labels = {} } }) =>
    !['in-progress', 'trial'].includes(labels[UPGRADE_STATE] ?? '') || labels[FORCE_PROMOTE_LABEL] === 'true',
  run: (live) => withField(live, ['metadata', 'labels', FORCE_PROMOTE_LABEL], 'true'),
};

const OWN = { spec: ['spec'], metadata: ['metadata'] };

/** https://numaflow.numaproj.io/user-guide/reference/pipeline-operations/ */
export const NUMAFLOW_VERTEX_ACTIONS: readonly BuiltInAction[] = [
  // Without a count the vertex grows from its minimum; with the one that it had it is back at once.
  ...lifecycle({
    ...OWN,
    gradual: (live) => withField(live, ['spec', 'replicas'], undefined),
    fast: (live) => live,
  }),
  forcePromote,
];
export const NUMAFLOW_PIPELINE_ACTIONS: readonly BuiltInAction[] = [
  ...lifecycle({ ...OWN, gradual: resumeStrategy('slow'), fast: resumeStrategy('fast') }),
  forcePromote,
  {
    ...{ name: 'delete', displayName: 'Delete', iconClass: 'fa-solid fa-fw fa-trash' },
    isDisabled: ({ metadata }) => metadata.labels?.[UPGRADE_STATE]?.startsWith('recyclable') !== true,
    run: (live) => withAnnotation(live, 'numaplane.numaproj.io/marked-for-deletion', 'true'),
  },
];
export const NUMAFLOW_ISB_ACTIONS: readonly BuiltInAction[] = [forcePromote];

const FORCE_PROMOTE = ['spec', 'strategy', 'progressive', 'forcePromote'];
const forcePromotion: readonly BuiltInAction[] = [
  {
    name: 'enable-force-promote',
    isDisabled: (live) => isTrue(live, FORCE_PROMOTE),
    run: (live) => withField(live, FORCE_PROMOTE, true),
  },
  {
    name: 'disable-force-promote',
    isDisabled: (live) => !isTrue(live, FORCE_PROMOTE),
    run: (live) => withField(live, FORCE_PROMOTE, false),
  },
];

const ALLOW_DATA_LOSS = 'numaplane.numaproj.io/allow-data-loss';

export const NUMAPLANE_ISB_SERVICE_ACTIONS: readonly BuiltInAction[] = forcePromotion;
export const NUMAPLANE_MONO_VERTEX_ACTIONS: readonly BuiltInAction[] = [
  ...rolloutLifecycle('monoVertex'),
  ...forcePromotion,
];
export const NUMAPLANE_PIPELINE_ACTIONS: readonly BuiltInAction[] = [
  ...rolloutLifecycle('pipeline'),
  ...forcePromotion,
  setAnnotation('allow-data-loss', ALLOW_DATA_LOSS, 'true'),
  {
    name: 'disallow-data-loss',
    isDisabled: ({ metadata }) => metadata.annotations?.[ALLOW_DATA_LOSS] !== 'true',
    run: (live) => withAnnotation(live, ALLOW_DATA_LOSS, 'false'),
  },
];
