import { describe, expect, it } from 'vitest';
import { type PodLike, podStatus, runsToCompletion } from './pod-status.js';

function pod(image: string, restartPolicy = 'Always'): PodLike {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'pod', namespace: 'ns' } },
    spec: { restartPolicy, containers: [{ name: 'main', image }] },
  };
}

function summary(image: string, isEnding: boolean): unknown {
  const status = podStatus(pod(image), { isEnding, podIP: '10.244.0.1', now: '2026-01-01T00:00:00.000Z' });
  const conditions = status['conditions'] as { type: string; status: string }[];
  const [container] = status['containerStatuses'] as {
    state: { waiting?: { reason: string }; terminated?: { exitCode: number } };
  }[];
  const ready = conditions.find((condition) => condition.type === 'Ready')?.status;
  return [
    status['phase'],
    ready,
    container?.state.waiting?.reason ?? container?.state.terminated?.exitCode ?? 'running',
  ];
}

describe('podStatus', () => {
  it.each([
    { name: 'a usual image runs', image: 'nginx:1.27', expected: ['Running', 'True', 'running'] },
    {
      name: 'an image without a tag runs',
      image: 'registry:5000/broken/app',
      expected: ['Running', 'True', 'running'],
    },
    { name: 'a usual image ends well', image: 'nginx', isEnding: true, expected: ['Succeeded', 'False', 0] },
    { name: 'a broken image is not pulled', image: 'app:broken', expected: ['Pending', 'False', 'ImagePullBackOff'] },
    {
      name: 'a crashing image restarts',
      image: 'app:crash@sha256:0',
      expected: ['Running', 'False', 'CrashLoopBackOff'],
    },
    { name: 'a failing image runs first', image: 'app:fail', expected: ['Running', 'True', 'running'] },
    { name: 'a failing image ends badly', image: 'app:fail', isEnding: true, expected: ['Failed', 'False', 1] },
  ])('$name', ({ image, isEnding = false, expected }) => {
    expect(summary(image, isEnding)).toEqual(expected);
  });

  it('lets only Pods that are not restarted run to completion', () => {
    expect(['Always', 'OnFailure', 'Never'].map((policy) => runsToCompletion(pod('a', policy)))).toEqual([
      false,
      true,
      true,
    ]);
  });
});
