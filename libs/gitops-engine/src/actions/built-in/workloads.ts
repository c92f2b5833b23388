/** Actions of Deployment, StatefulSet, DaemonSet, CronJob and Job (E15). */
import { type KubernetesObject, kubernetesTime } from '@tiphys/model';
import { conditionsOf, isFields, listAt, valueAt } from '../../health/fields.js';
import { nameWithMinute, withField } from '../change-object.js';
import type { BuiltInAction, ImpactedResource } from '../types.js';
import { hideDisabled, isTrue, scale, toggle } from './patterns.js';

/** As `kubectl rollout restart`. */
const restart: BuiltInAction = {
  name: 'restart',
  iconClass: 'fa fa-fw fa-redo',
  run: (live, { now }) =>
    withField(
      live,
      ['spec', 'template', 'metadata', 'annotations', 'kubectl.kubernetes.io/restartedAt'],
      kubernetesTime(now),
    ),
};

/** As `kubectl create job --from`. */
const createJob: BuiltInAction = {
  name: 'create-job',
  displayName: 'Create Job',
  iconClass: 'fa fa-fw fa-plus',
  run: (live, { now }) => [created(jobFrom(live, now))],
};

function jobFrom(live: KubernetesObject, now: Date): KubernetesObject {
  const { name = '', namespace, uid = '' } = live.metadata;
  const template = valueAt(live, 'spec', 'jobTemplate');
  const metadata = valueAt(template, 'metadata');
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...(isFields(metadata) ? metadata : {}),
      annotations: { ...annotationsOf(metadata), 'cronjob.kubernetes.io/instantiate': 'manual' },
      // Names of Jobs have 63 characters, those of CronJobs 52.
      name: `${name}-${nameWithMinute('', now).slice(3)}`,
      ...(namespace === undefined ? {} : { namespace }),
      ownerReferences: [
        { apiVersion: live.apiVersion, kind: live.kind, name, uid, controller: true, blockOwnerDeletion: true },
      ],
    },
    spec: valueAt(template, 'spec') ?? {},
  };
}

function annotationsOf(metadata: unknown): object {
  const annotations = valueAt(metadata, 'annotations');
  return isFields(annotations) ? annotations : {};
}

export function created(resource: KubernetesObject): ImpactedResource {
  return { operation: 'create', resource };
}

const ENDED: ReadonlySet<string> = new Set(['Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet']);
const finished = (live: KubernetesObject): boolean =>
  conditionsOf(live).some(({ type, status }) => ENDED.has(type) && status === 'True');

/** The condition with which the Job controller itself begins to end a Job that has failed. */
const terminate: BuiltInAction = {
  name: 'terminate',
  iconClass: 'fa fa-fw fa-stop',
  isDisabled: (live) => finished(live) || valueAt(live, 'status') === undefined,
  run: (live, { now }) => {
    if (finished(live)) return live;
    const condition = {
      ...{ type: 'FailureTarget', status: 'True', reason: 'ManuallyTerminated' },
      message: 'Job was terminated explicitly through Argo CD',
      lastTransitionTime: kubernetesTime(now),
    };
    return withField(live, ['status', 'conditions'], [...listAt(live, 'status', 'conditions'), condition]);
  },
};

const jobSuspension = toggle('suspend', 'resume', ['spec', 'suspend']).map((action) => ({
  ...action,
  isDisabled: (live: KubernetesObject) => finished(live) || action.isDisabled?.(live) === true,
}));

/** Removed rather than false: so it is written in Git. */
const deploymentPause: readonly BuiltInAction[] = [
  {
    ...{ name: 'pause', iconClass: 'fa fa-fw fa-pause-circle' },
    isDisabled: (live) => isTrue(live, ['spec', 'paused']),
    run: (live) => withField(live, ['spec', 'paused'], true),
  },
  {
    ...{ name: 'resume', iconClass: 'fa fa-fw fa-play-circle' },
    isDisabled: (live) => !isTrue(live, ['spec', 'paused']),
    run: (live) => withField(live, ['spec', 'paused'], undefined),
  },
];

export const DEPLOYMENT_ACTIONS: readonly BuiltInAction[] = [restart, ...deploymentPause, scale];
export const STATEFUL_SET_ACTIONS: readonly BuiltInAction[] = [restart, scale];
export const DAEMON_SET_ACTIONS: readonly BuiltInAction[] = [restart];
export const CRON_JOB_ACTIONS: readonly BuiltInAction[] = [
  createJob,
  ...hideDisabled(toggle('suspend', 'resume', ['spec', 'suspend'])),
];
export const JOB_ACTIONS: readonly BuiltInAction[] = hideDisabled([...jobSuspension, terminate]);
