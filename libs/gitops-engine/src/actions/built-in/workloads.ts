/** Actions of Deployment, StatefulSet, DaemonSet, CronJob and Job (E15). */
import type { KubernetesObject } from '@tiphys/model';
import { isFields, valueAt } from '../../health/fields.js';
import { nameWithMinute, timestamp, withField } from '../change-object.js';
import type { BuiltInAction, ImpactedResource } from '../types.js';
import { scale, toggle } from './patterns.js';

/** As `kubectl rollout restart`. */
const restart: BuiltInAction = {
  name: 'restart',
  run: (live, { now }) =>
    withField(
      live,
      ['spec', 'template', 'metadata', 'annotations', 'kubectl.kubernetes.io/restartedAt'],
      timestamp(now),
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
      name: nameWithMinute(name, now),
      ...(namespace === undefined ? {} : { namespace }),
      ownerReferences: [{ apiVersion: live.apiVersion, kind: live.kind, name, uid }],
    },
    spec: valueAt(template, 'spec') ?? {},
  };
}

export function created(resource: KubernetesObject): ImpactedResource {
  return { operation: 'create', resource };
}

const finished = (live: KubernetesObject): boolean => valueAt(live, 'status', 'completionTime') !== undefined;

/** The Job controller ends the pods of a Job whose deadline has passed. */
const terminate: BuiltInAction = {
  name: 'terminate',
  isDisabled: finished,
  run: (live) => withField(live, ['spec', 'activeDeadlineSeconds'], 1),
};

const jobSuspension = toggle('suspend', 'resume', ['spec', 'suspend']).map((action) => ({
  ...action,
  isDisabled: (live: KubernetesObject) => finished(live) || action.isDisabled?.(live) === true,
}));

export const DEPLOYMENT_ACTIONS: readonly BuiltInAction[] = [
  restart,
  ...toggle('pause', 'resume', ['spec', 'paused']),
  scale,
];
export const STATEFUL_SET_ACTIONS: readonly BuiltInAction[] = [restart, scale];
export const DAEMON_SET_ACTIONS: readonly BuiltInAction[] = [restart];
export const CRON_JOB_ACTIONS: readonly BuiltInAction[] = [
  createJob,
  ...toggle('suspend', 'resume', ['spec', 'suspend']),
];
export const JOB_ACTIONS: readonly BuiltInAction[] = [...jobSuspension, terminate];
