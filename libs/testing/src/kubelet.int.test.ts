import { beforeAll, describe, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from './control-plane.js';
import { eventually } from './eventually.js';
import type { KubeClient, KubeObject } from './kube-client.js';
import { startKubelet } from './kubelet.js';
import { sharedControlPlane } from './shared.js';

let client: KubeClient;
let namespace: string;
beforeAll(async () => {
  const cluster = await sharedControlPlane();
  client = cluster.client();
  namespace = await cluster.createNamespace('kubelet');
});

interface Workload {
  readonly name: string;
  readonly image: string;
  readonly into?: string;
}

function deployment({ name, image, into = namespace }: Workload): KubeObject {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } };
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: into } },
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  };
}

function job(name: string, image: string): KubeObject {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image }] } };
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace }, spec: { backoffLimit: 0, template } };
}

async function expectStatus(object: KubeObject, status: Record<string, unknown>): Promise<void> {
  const path = await client.pathOf(object);
  await eventually(async () => expect(await client.get(path)).toMatchObject({ status }), { description: path });
}

const pods = async (app: string) =>
  client.list(`/api/v1/namespaces/${namespace}/pods`, { labelSelector: `app=${app}` });

describe('startKubelet', () => {
  it('makes the Pods of a Deployment ready and follows a new image and a scale down', async () => {
    const web = deployment({ name: 'web', image: 'web:1' });
    await client.apply(web);
    await expectStatus(web, { readyReplicas: 2, availableReplicas: 2, updatedReplicas: 2 });
    await client.apply(deployment({ name: 'web', image: 'web:2' }));
    await expectStatus(web, { observedGeneration: 2, readyReplicas: 2, updatedReplicas: 2, replicas: 2 });
    await client.patch(await client.pathOf(web), { spec: { replicas: 0 } });
    await eventually(async () => expect(await pods('web')).toEqual([]));
  });

  it('leaves a broken image waiting', async () => {
    const bad = deployment({ name: 'bad', image: 'web:broken' });
    await client.apply(bad);
    await expectStatus(bad, { unavailableReplicas: 2 });
    await eventually(async () => {
      const [pod] = await pods('bad');
      expect(pod).toMatchObject({
        status: { phase: 'Pending', containerStatuses: [{ state: { waiting: { reason: 'ImagePullBackOff' } } }] },
      });
    });
  });

  it('completes Jobs, or lets them fail', async () => {
    const [good, bad] = [job('good', 'task:1'), job('bad', 'task:fail')];
    await Promise.all([client.apply(good), client.apply(bad)]);
    await expectStatus(good, { succeeded: 1, completionTime: expect.any(String) as string });
    await expectStatus(bad, { failed: 1 });
  });

  it('removes Pods with a finalizer or a grace period once they may go', async () => {
    const spec = { terminationGracePeriodSeconds: 3600, containers: [{ name: 'main', image: 'web:1' }] };
    const pod: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'slow', namespace, labels: { app: 'slow' } },
      spec,
    };
    await client.apply(pod);
    await expectStatus(pod, { phase: 'Running' });
    await client.remove(await client.pathOf(pod));
    await eventually(async () => expect(await pods('slow')).toEqual([]));
  });
});

describe('startKubelet with a node', () => {
  let own: ControlPlane;
  it('binds Pods, runs DaemonSets and ends the grace period of bound Pods', async () => {
    own = await startControlPlane({ customResources: false });
    try {
      const user = own.client();
      const kubelet = await startKubelet(own.client('tiphys-kubelet'), { nodeName: 'node-1' });
      const template = {
        metadata: { labels: { app: 'agent' } },
        spec: { containers: [{ name: 'main', image: 'agent:1' }] },
      };
      const agent: KubeObject = {
        ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'agent', namespace: 'default' } },
        spec: { selector: { matchLabels: { app: 'agent' } }, template },
      };
      await user.apply(agent);
      const path = await user.pathOf(agent);
      await eventually(async () => expect(await user.get(path)).toMatchObject({ status: { numberReady: 1 } }));
      const [pod] = await user.list('/api/v1/namespaces/default/pods');
      expect(pod).toMatchObject({ spec: { nodeName: 'node-1' } });
      await user.remove(path);
      await eventually(async () => expect(await user.list('/api/v1/namespaces/default/pods')).toEqual([]));
      await kubelet.stop();
    } finally {
      await own.stop();
    }
  });
});
