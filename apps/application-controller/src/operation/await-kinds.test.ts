import type { SyncTask } from '@tiphys/gitops-engine';
import { resourceKeyOf } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { awaitKinds } from './await-kinds.js';
import type { StepContext } from './execute-step.js';

const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: { group: 'example.com', names: { kind: 'Widget' } },
};
const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'one', namespace: 'a' } };
const task = (object: typeof widget | typeof crd) => ({ key: resourceKeyOf(object), object }) as SyncTask;

/** Discovery that knows the kind after so many refreshes. */
function clusterServingAfter(refreshes: number) {
  let asked = 0;
  const discovery = {
    resolve: () => (asked >= refreshes ? { kind: 'Widget' } : undefined),
    refresh: async () => void asked++,
  };
  const context = { cluster: { cache: { discovery } }, signal: new AbortController().signal } as unknown as StepContext;
  return { context, asked: () => asked };
}

describe('awaitKinds (D17)', () => {
  it('asks again until the kind of a CRD in the plan is served', async () => {
    const { context, asked } = clusterServingAfter(2);
    await awaitKinds([task(widget)], [task(crd), task(widget)], context);
    expect(asked()).toBe(2);
  });

  it('does not wait for a kind that no CRD of the plan defines', async () => {
    const { context, asked } = clusterServingAfter(2);
    await awaitKinds([task(widget)], [task(widget)], context);
    expect(asked()).toBe(0);
  });

  it('asks nothing when every kind is known', async () => {
    const { context, asked } = clusterServingAfter(0);
    await awaitKinds([task(widget)], [task(crd), task(widget)], context);
    expect(asked()).toBe(0);
  });

  it('ends when the operation is aborted', async () => {
    const abort = new AbortController();
    const { context } = clusterServingAfter(1_000);
    const waiting = awaitKinds([task(widget)], [task(crd)], { ...context, signal: abort.signal });
    abort.abort(new Error('shutdown'));
    await expect(waiting).rejects.toThrow();
  });
});
