import { GitOpsError, type KubernetesObject, resourceKeyOf } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { configMap, managedResource, stored } from '../testing/builders.js';
import { memoryCluster } from '../testing/memory-cluster.js';
import { type PredictionMemory, predictUnsure } from './predict.js';

const { signal } = new AbortController();
const KEY = '/ConfigMap/web/a';

function predictor() {
  const memory = memoryCluster();
  const predictions: PredictionMemory = new Map();
  const ask = (target: KubernetesObject, live: KubernetesObject | undefined, cluster = memory.destination) =>
    predictUnsure(
      { writer: memory.writer, predictions },
      { cluster, resources: [managedResource(target, { live })], unsure: [resourceKeyOf(target)] },
      signal,
    );
  return { ...memory, predictions, ask };
}

describe('dry runs for what the in-process diff cannot judge (design 7)', () => {
  it('ask once for a target and a state of the live object', async () => {
    const { ask, calls, requests } = predictor();
    const first = await ask(configMap('a'), stored(configMap('a')));
    expect(await ask(configMap('a'), stored(configMap('a')))).toEqual(first);
    expect(first.get(KEY)?.object?.metadata.name).toBe('a');
    expect(calls).toEqual(['dry run ConfigMap/a']);
    expect(requests).toMatchObject([{ dryRun: true, serverSide: true, force: false, replace: false, validate: true }]);
  });

  it.each<{ what: string; target: KubernetesObject; live: KubernetesObject }>([
    { what: 'live object changed', target: configMap('a'), live: stored(configMap('a'), '8') },
    { what: 'target changed', target: { ...configMap('a'), data: { k: 'new' } }, live: stored(configMap('a')) },
    {
      what: 'target has an integer beyond the safe range',
      target: { ...configMap('a'), n: 2n ** 60n },
      live: stored(configMap('a')),
    },
  ])('ask again when the $what', async ({ target, live }) => {
    const { ask, calls } = predictor();
    await ask(configMap('a'), stored(configMap('a')));
    await ask(target, live);
    expect(calls).toHaveLength(2);
  });

  it('ask each cluster for itself', async () => {
    const { ask, calls, destination } = predictor();
    await ask(configMap('a'), stored(configMap('a')));
    await ask(configMap('a'), stored(configMap('a')), { ...destination, server: 'https://other.test' });
    expect(calls).toHaveLength(2);
  });

  it.each(['PermissionDenied', 'InvalidSpec'] as const)(
    'take a refusal (%s) for an answer, and remember it',
    async (code) => {
      const { ask, calls, failures } = predictor();
      failures.set('dry run ConfigMap/a', new GitOpsError(code, 'field is immutable'));
      const expected = new Map([[KEY, { object: undefined, error: 'field is immutable' }]]);
      expect(await ask(configMap('a'), stored(configMap('a')))).toEqual(expected);
      expect(await ask(configMap('a'), stored(configMap('a')))).toEqual(expected);
      expect(calls).toHaveLength(1);
    },
  );

  it.each([
    { name: 'that does not answer', error: new GitOpsError('Upstream', 'timeout') },
    { name: 'that fails in an unknown way', error: new Error('socket hang up') },
  ])('throw for an API server $name, and remember nothing', async ({ error }) => {
    const { ask, failures, predictions } = predictor();
    failures.set('dry run ConfigMap/a', error);
    await expect(ask(configMap('a'), stored(configMap('a')))).rejects.toBe(error);
    expect(predictions.size).toBe(0);
  });

  it('ask about nothing but the unsure', async () => {
    const { writer, destination, calls } = memoryCluster();
    const resources = [managedResource(configMap('a')), managedResource(configMap('b'))];
    const unsure = [resourceKeyOf(configMap('b'))];
    const answers = await predictUnsure(
      { writer, predictions: new Map() },
      { cluster: destination, resources, unsure },
      signal,
    );
    expect([[...answers.keys()], calls]).toEqual([['/ConfigMap/web/b'], ['dry run ConfigMap/b']]);
  });

  it('remember a bounded number of answers', async () => {
    const { ask, predictions } = predictor();
    for (let index = 0; index < 5_000; index++) predictions.set(`old ${index}`, { object: undefined });
    await ask(configMap('a'), stored(configMap('a')));
    expect([predictions.size, predictions.has('old 0'), predictions.has('old 1')]).toEqual([5_000, false, true]);
  });
});
