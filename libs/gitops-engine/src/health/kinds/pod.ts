/** Health of Pod (E04, E11). Pods that run to an end are judged by their phase only, because they are mostly hooks. */
import { ANNOTATIONS, type HealthStatus, type KubernetesObject } from '@tiphys/model';
import { conditionsOf, type Fields, isFields, listAt, numberAt, textAt, valueAt } from '../fields.js';
import { health } from '../health-result.js';

export function podHealth(live: KubernetesObject): HealthStatus {
  const alwaysRuns = runsAlways(live);
  const message = textAt(live, 'status', 'message') ?? '';
  const broken = alwaysRuns ? brokenContainers(live) : [];
  if (broken.length > 0) return health('Degraded', broken.join(', '));
  switch (textAt(live, 'status', 'phase')) {
    case 'Pending':
      return health('Progressing', message);
    case 'Succeeded':
      return health('Healthy', message);
    case 'Failed':
      return health('Degraded', message === '' ? failure(live) : message);
    case 'Running':
      return alwaysRuns ? runningHealth(live, message) : health('Progressing', message);
    default:
      return health('Unknown', message);
  }
}

/** E11: a Never/OnFailure pod that is no hook can ask to be judged like an Always pod. */
function runsAlways(live: KubernetesObject): boolean {
  const policy = textAt(live, 'spec', 'restartPolicy') ?? 'Always';
  if (policy === 'Always') return true;
  const annotations = live.metadata.annotations ?? {};
  const isHook = annotations[ANNOTATIONS.hook] !== undefined || annotations[ANNOTATIONS.helmHook] !== undefined;
  return !isHook && annotations[ANNOTATIONS.ignoreRestartPolicy] === 'true';
}

function brokenContainers(live: KubernetesObject): readonly string[] {
  return listAt(live, 'status', 'containerStatuses').flatMap((container) => {
    const reason = textAt(container, 'state', 'waiting', 'reason') ?? '';
    const broken = reason.startsWith('Err') || reason.endsWith('Error') || reason.endsWith('BackOff');
    return broken ? [textAt(container, 'state', 'waiting', 'message') ?? ''] : [];
  });
}

function failure(live: KubernetesObject): string {
  const containers = [
    ...listAt(live, 'status', 'initContainerStatuses'),
    ...listAt(live, 'status', 'containerStatuses'),
  ];
  return containers.map(containerFailure).find((message) => message !== '') ?? '';
}

function containerFailure(container: Fields): string {
  const message = textAt(container, 'state', 'terminated', 'message') ?? '';
  if (message !== '') return message;
  const reason = textAt(container, 'state', 'terminated', 'reason');
  if (reason === 'OOMKilled') return reason;
  const code = numberAt(container, 'state', 'terminated', 'exitCode') ?? 0;
  return code === 0 ? '' : `container "${textAt(container, 'name') ?? ''}" failed with exit code ${code}`;
}

function runningHealth(live: KubernetesObject, message: string): HealthStatus {
  const ready = conditionsOf(live).some((condition) => condition.type === 'Ready' && condition.status === 'True');
  if (ready) return health('Healthy', message);
  const crashed = listAt(live, 'status', 'containerStatuses').some((container) =>
    isFields(valueAt(container, 'lastState', 'terminated')),
  );
  return health(crashed ? 'Degraded' : 'Progressing', message);
}
