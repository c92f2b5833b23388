/** Actions of widely used operators' kinds (E15), by the fields and annotations that their documentation names. */
import { withAnnotation, withField } from '../change-object.js';
import type { BuiltInAction } from '../types.js';
import { isTrue, replicasOf, setAnnotation, setField, toggle, touch } from './patterns.js';

const suspension = toggle('suspend', 'resume', ['spec', 'suspend']);

/** https://fluxcd.io/flux/components/kustomize/kustomizations/#triggering-a-reconcile and `#suspend` */
export const FLUX_ACTIONS: readonly BuiltInAction[] = [
  touch('reconcile', 'reconcile.fluxcd.io/requestedAt', 'By Argo CD at: '),
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
  name: 'resume',
  isDisabled: ({ metadata: { annotations = {} } }) =>
    annotations[PAUSED] !== 'true' && !(PAUSED_REPLICAS in annotations),
  run: (live) => withAnnotation(withAnnotation(live, PAUSED, undefined), PAUSED_REPLICAS, undefined),
};

/** https://keda.sh/docs/latest/concepts/scaling-deployments/#pause-autoscaling */
export const SCALED_JOB_ACTIONS: readonly BuiltInAction[] = [setAnnotation('pause', PAUSED, 'true'), kedaResume];
export const SCALED_OBJECT_ACTIONS: readonly BuiltInAction[] = [
  setAnnotation('pause', PAUSED, 'true'),
  {
    name: 'paused-replicas',
    parameters: ({ metadata }) => [{ name: 'replicas', default: metadata.annotations?.[PAUSED_REPLICAS] ?? '0' }],
    run: (live, { parameters }) => withAnnotation(live, PAUSED_REPLICAS, String(replicasOf(parameters))),
  },
  kedaResume,
];

/** https://cloudnative-pg.io/documentation/current/kubectl-plugin/ and `declarative_hibernation/` */
export const CNPG_CLUSTER_ACTIONS: readonly BuiltInAction[] = [
  touch('restart', 'kubectl.kubernetes.io/restartedAt'),
  touch('reload', 'cnpg.io/reloadedAt'),
  setAnnotation('suspend', 'cnpg.io/hibernation', 'on'),
  {
    name: 'resume',
    isDisabled: ({ metadata }) => metadata.annotations?.['cnpg.io/hibernation'] !== 'on',
    run: (live) => withAnnotation(live, 'cnpg.io/hibernation', 'off'),
  },
];

/** https://strimzi.io/docs/operators/latest/deploying#proc-manual-rolling-update-strimzipodset-str */
export const STRIMZI_POD_SET_ACTIONS: readonly BuiltInAction[] = [
  setAnnotation('rolling-update', 'strimzi.io/manual-rolling-update', 'true'),
];

const phase = (...below: readonly string[]): readonly BuiltInAction[] => {
  const path = ['spec', ...below, 'lifecycle', 'desiredPhase'];
  return [setField('pause', path, 'Paused'), setField('unpause', path, 'Running')];
};

/** https://numaflow.numaproj.io/user-guide/reference/pipeline-operations/ */
export const NUMAFLOW_ACTIONS: readonly BuiltInAction[] = phase();

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
  ...phase('monoVertex', 'spec'),
  ...forcePromotion,
];
export const NUMAPLANE_PIPELINE_ACTIONS: readonly BuiltInAction[] = [
  ...phase('pipeline', 'spec'),
  ...forcePromotion,
  setAnnotation('allow-data-loss', ALLOW_DATA_LOSS, 'true'),
  {
    name: 'disallow-data-loss',
    isDisabled: ({ metadata }) => metadata.annotations?.[ALLOW_DATA_LOSS] !== 'true',
    run: (live) => withAnnotation(live, ALLOW_DATA_LOSS, undefined),
  },
];
