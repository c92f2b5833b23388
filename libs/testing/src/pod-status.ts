/** The status that a kubelet would report for a Pod. Pure. */
import type { KubeObject } from './kube-client.js';

/** A container as far as it matters here. */
export interface ContainerLike {
  readonly name: string;
  readonly image?: string;
  readonly restartPolicy?: string;
}

/** A Pod as far as it matters here. */
export interface PodLike extends KubeObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly restartPolicy?: string;
    readonly containers: readonly ContainerLike[];
    readonly initContainers?: readonly ContainerLike[];
  };
  readonly status?: { readonly phase?: string; readonly startTime?: string; readonly podIP?: string };
}

/** The moment of a status. */
export interface PodMoment {
  /** True when the containers have run to their end. */
  readonly isEnding: boolean;
  readonly podIP: string;
  /** ISO time. */
  readonly now: string;
}

type Fate = 'run' | 'broken' | 'crash' | 'fail';

/** True for Pods whose containers end by themselves: those of Jobs, and hooks. */
export function runsToCompletion(pod: PodLike): boolean {
  return pod.spec.restartPolicy === 'Never' || pod.spec.restartPolicy === 'OnFailure';
}

/** The whole status to merge into the Pod. */
export function podStatus(pod: PodLike, moment: PodMoment): Record<string, unknown> {
  const { now, podIP, isEnding } = moment;
  const fates = pod.spec.containers.map(fateOf);
  const areReady = !isEnding && fates.every((fate) => fate === 'run' || fate === 'fail');
  const condition = (type: string, isTrue: boolean, reason?: string) => ({
    ...{ type, status: isTrue ? 'True' : 'False', lastTransitionTime: now },
    ...(isTrue || reason === undefined ? {} : { reason }),
  });
  const notReady = isEnding ? 'PodCompleted' : 'ContainersNotReady';
  return {
    phase: phaseOf(fates, isEnding),
    startTime: pod.status?.startTime ?? now,
    podIP,
    podIPs: [{ ip: podIP }],
    hostIP: '127.0.0.1',
    conditions: [
      condition('PodScheduled', true),
      condition('Initialized', true),
      condition('ContainersReady', areReady, notReady),
      condition('Ready', areReady, notReady),
    ],
    containerStatuses: pod.spec.containers.map((container) => containerStatus(container, moment)),
    ...(pod.spec.initContainers === undefined ? {} : { initContainerStatuses: initStatuses(pod, moment) }),
  };
}

function fateOf(container: ContainerLike): Fate {
  const tag = container.image?.split('@')[0]?.match(/:([^/]+)$/)?.[1];
  return tag === 'broken' || tag === 'crash' || tag === 'fail' ? tag : 'run';
}

function phaseOf(fates: readonly Fate[], isEnding: boolean): string {
  if (fates.includes('broken')) {
    return 'Pending';
  }
  if (!isEnding) {
    return 'Running';
  }
  return fates.every((fate) => fate === 'run') ? 'Succeeded' : 'Failed';
}

function containerStatus(container: ContainerLike, { now, isEnding }: PodMoment): Record<string, unknown> {
  const { name, image = '' } = container;
  const fate = fateOf(container);
  const base = { name, image, imageID: '', restartCount: fate === 'crash' ? 3 : 0 };
  const stopped = { ready: false, started: false };
  if (fate === 'broken') {
    const waiting = { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` };
    return { ...base, ...stopped, state: { waiting } };
  }
  if (fate === 'crash') {
    const waiting = { reason: 'CrashLoopBackOff', message: `back-off 40s restarting failed container=${name}` };
    return { ...base, ...stopped, state: { waiting }, lastState: { terminated: ended(1, 'Error', now) } };
  }
  const containerID = `tiphys://${name}`;
  if (!isEnding) {
    return { ...base, containerID, ready: true, started: true, state: { running: { startedAt: now } } };
  }
  const terminated = fate === 'fail' ? ended(1, 'Error', now) : ended(0, 'Completed', now);
  return { ...base, containerID, ...stopped, state: { running: null, terminated } };
}

function initStatuses(pod: PodLike, { now }: PodMoment): readonly Record<string, unknown>[] {
  return (pod.spec.initContainers ?? []).map(({ name, image = '', restartPolicy }) => {
    const isSidecar = restartPolicy === 'Always';
    const state = isSidecar ? { running: { startedAt: now } } : { terminated: ended(0, 'Completed', now) };
    return { name, image, imageID: '', restartCount: 0, ready: true, started: isSidecar, state };
  });
}

function ended(exitCode: number, reason: string, now: string): Record<string, unknown> {
  return { exitCode, reason, startedAt: now, finishedAt: now };
}
