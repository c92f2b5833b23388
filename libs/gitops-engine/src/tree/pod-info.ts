/** What the tree shows of a pod: why it is in its state, on which node, how many containers are ready. */
import type { KubernetesObject } from '@tiphys/model';
import { conditionsOf, type Fields, isFields, listAt, numberAt, textAt, valueAt } from '../health/fields.js';
import type { InfoItem } from './types.js';

interface Progress {
  readonly reason: string;
  readonly ready: number;
  readonly restarts: number;
  /** True while an init container still runs or has failed. */
  readonly initializing: boolean;
}

/** Info items in Argo CD's order. */
export function podInfo(pod: KubernetesObject): readonly InfoItem[] {
  const init = initProgress(pod, initialReason(pod));
  const initialized = conditionsOf(pod).some(({ type, status }) => type === 'Initialized' && status === 'True');
  const final = !init.initializing || initialized ? mainProgress(pod, init) : init;
  const reason = deletionReason(pod) ?? final.reason;
  const sidecars = listAt(pod, 'spec', 'initContainers').filter(isSidecar).length;
  const total = listAt(pod, 'spec', 'containers').length + sidecars;
  return [
    ...(reason === '' ? [] : [{ name: 'Status Reason', value: reason }]),
    { name: 'Node', value: textAt(pod, 'spec', 'nodeName') ?? '' },
    { name: 'Containers', value: `${final.ready}/${total}` },
    ...(final.restarts === 0 ? [] : [{ name: 'Restart Count', value: String(final.restarts) }]),
  ];
}

function initialReason(pod: KubernetesObject): string {
  const gated = conditionsOf(pod).some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated');
  if (gated) return 'SchedulingGated';
  return textAt(pod, 'status', 'reason') || (textAt(pod, 'status', 'phase') ?? '');
}

function isSidecar(container: Fields): boolean {
  return textAt(container, 'restartPolicy') === 'Always';
}

function initProgress(pod: KubernetesObject, reason: string): Progress {
  const specs = listAt(pod, 'spec', 'initContainers');
  const sidecars = new Set(specs.filter(isSidecar).map((container) => textAt(container, 'name')));
  let ready = 0;
  let restarts = 0;
  for (const [index, status] of listAt(pod, 'status', 'initContainerStatuses').entries()) {
    restarts += numberAt(status, 'restartCount') ?? 0;
    if (numberAt(status, 'state', 'terminated', 'exitCode') === 0) continue;
    if (sidecars.has(textAt(status, 'name')) && status.started === true) {
      if (status.ready === true) ready += 1;
      continue;
    }
    return { reason: initReason(status, `${index}/${specs.length}`), ready, restarts, initializing: true };
  }
  return { reason, ready, restarts, initializing: false };
}

function initReason(status: Fields, progress: string): string {
  if (isFields(valueAt(status, 'state', 'terminated'))) return `Init:${terminatedReason(status)}`;
  const waiting = textAt(status, 'state', 'waiting', 'reason') ?? '';
  return waiting === '' || waiting === 'PodInitializing' ? `Init:${progress}` : `Init:${waiting}`;
}

function terminatedReason(status: Fields): string {
  const reason = textAt(status, 'state', 'terminated', 'reason') ?? '';
  if (reason !== '') return reason;
  const signal = numberAt(status, 'state', 'terminated', 'signal') ?? 0;
  return signal === 0 ? `ExitCode:${numberAt(status, 'state', 'terminated', 'exitCode') ?? 0}` : `Signal:${signal}`;
}

/** The first container with something to say names the reason. */
function mainProgress(pod: KubernetesObject, init: Progress): Progress {
  const statuses = listAt(pod, 'status', 'containerStatuses');
  const isRunning = (status: Fields) => status.ready === true && isFields(valueAt(status, 'state', 'running'));
  const reasons = statuses.flatMap((status) => {
    const waiting = textAt(status, 'state', 'waiting', 'reason') ?? '';
    if (waiting !== '') return [waiting];
    return isFields(valueAt(status, 'state', 'terminated')) ? [terminatedReason(status)] : [];
  });
  const running = statuses.filter(isRunning).length;
  const reason = reasons[0] ?? init.reason;
  return {
    reason: reason === 'Completed' && running > 0 ? 'Running' : reason,
    ready: init.ready + running,
    restarts: init.restarts + statuses.reduce((sum, status) => sum + (numberAt(status, 'restartCount') ?? 0), 0),
    initializing: false,
  };
}

function deletionReason(pod: KubernetesObject): string | undefined {
  if (pod.metadata.deletionTimestamp === undefined) return undefined;
  if (textAt(pod, 'status', 'reason') === 'NodeLost') return 'Unknown';
  const phase = textAt(pod, 'status', 'phase');
  return phase === 'Failed' || phase === 'Succeeded' ? undefined : 'Terminating';
}
