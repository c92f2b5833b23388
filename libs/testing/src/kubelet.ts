/**
 * A small stand-in for the kubelet: it brings Pods to the state that a node would bring them to, by their status subresource.
 * What a container does is told by its image's tag: `broken` cannot be pulled, `crash` ends again and again, `fail` makes a
 * Pod that runs to its end fail; any other image runs, and in a Pod that is not restarted (a Job's) it succeeds.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { type KubeClient, KubeError, type KubeObject } from './kube-client.js';
import { type PodLike, podStatus, runsToCompletion } from './pod-status.js';
import { watchObjects } from './watch.js';

/** What can be chosen about the stand-in. */
export interface KubeletOptions {
  /** Milliseconds between a Job's Pod running and its end; default 200. */
  readonly completionDelayMs?: number;
  /** Milliseconds until a new Pod runs; default 0. */
  readonly startDelayMs?: number;
  /** Register a Node of this name and bind every Pod to it; without it Pods run on no node, which is cheaper. */
  readonly nodeName?: string;
}

/** A running stand-in. */
export interface Kubelet {
  stop(): Promise<void>;
}

/** Starts to look after the Pods of all namespaces. The client stays the caller's. */
export async function startKubelet(client: KubeClient, options: KubeletOptions = {}): Promise<Kubelet> {
  const controller = new AbortController();
  const worker: Worker = { client, options, signal: controller.signal, done: new Set(), nextAddress: 0 };
  if (options.nodeName !== undefined) {
    await registerNode(client, options.nodeName);
  }
  const watching = watchObjects(client, '/api/v1/pods', {
    signal: controller.signal,
    onEvent: ({ type, object }) => {
      if (type === 'DELETED') {
        worker.done.delete(stepKey(object, 'run'));
        worker.done.delete(stepKey(object, 'end'));
      } else {
        void look(worker, object as PodLike);
      }
    },
  });
  return {
    stop: async () => {
      controller.abort();
      await watching;
    },
  };
}

interface Worker {
  readonly client: KubeClient;
  readonly options: KubeletOptions;
  readonly signal: AbortSignal;
  /** Steps already taken per Pod, so that our own status updates do not start them again. */
  readonly done: Set<string>;
  nextAddress: number;
}

type Step = 'bind' | 'run' | 'end' | 'remove';

function stepKey(pod: KubeObject, step: Step): string {
  return `${pod.metadata.uid}/${step}`;
}

async function look(worker: Worker, pod: PodLike): Promise<void> {
  const step = nextStep(worker, pod);
  const key = step && stepKey(pod, step);
  if (step === undefined || key === undefined || worker.done.has(key)) {
    return;
  }
  worker.done.add(key);
  try {
    await take(worker, pod, step);
  } catch (error) {
    const isGone = error instanceof KubeError && (error.code === 404 || error.code === 409);
    if (!isGone && !worker.signal.aborted) {
      process.emitWarning(`kubelet stand-in: ${step} ${pod.metadata.namespace}/${pod.metadata.name}: ${String(error)}`);
    }
    worker.done.delete(key);
  }
}

function nextStep({ options }: Worker, pod: PodLike): Step | undefined {
  if (pod.metadata.deletionTimestamp !== undefined) {
    return 'remove';
  }
  if (options.nodeName !== undefined && pod.spec.nodeName === undefined) {
    return 'bind';
  }
  if (pod.status?.phase === undefined || pod.status.startTime === undefined) {
    return 'run';
  }
  return pod.status.phase === 'Running' && runsToCompletion(pod) ? 'end' : undefined;
}

async function take(worker: Worker, pod: PodLike, step: Step): Promise<void> {
  const { client, options, signal } = worker;
  const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
  if (step === 'remove') {
    const body = { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } };
    await client.request('DELETE', path, { body });
    return;
  }
  if (step === 'bind') {
    const target = { apiVersion: 'v1', kind: 'Node', name: options.nodeName };
    const body = { apiVersion: 'v1', kind: 'Binding', metadata: { name: pod.metadata.name }, target };
    await client.request('POST', `${path}/binding`, { body });
    return;
  }
  const wait = step === 'end' ? (options.completionDelayMs ?? 200) : (options.startDelayMs ?? 0);
  if (wait > 0) {
    await delay(wait, undefined, { signal });
  }
  const number = worker.nextAddress++;
  const podIP = pod.status?.podIP ?? `10.244.${(number >> 8) % 256}.${number % 256}`;
  const status = podStatus(pod, { isEnding: step === 'end', podIP, now: new Date().toISOString() });
  await client.patch(`${path}/status`, { metadata: { uid: pod.metadata.uid }, status }, { fieldManager: 'kubelet' });
}

async function registerNode(client: KubeClient, name: string): Promise<void> {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/hostname': name } } };
  await client.apply(node, { fieldManager: 'kubelet' });
  // Admission taints every new Node as not ready; the controller that would remove the taint is off.
  await client.patch(`/api/v1/nodes/${name}`, { spec: { taints: null } }, { fieldManager: 'kubelet' });
  const room = { cpu: '1000', memory: '1000Gi', pods: '100000' };
  const status = {
    capacity: room,
    allocatable: room,
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }],
  };
  await client.patch(`/api/v1/nodes/${name}/status`, { status }, { fieldManager: 'kubelet' });
}
