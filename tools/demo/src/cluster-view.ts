/** What the story asks the cluster itself: the objects, not our own status. */
import { eventually, type KubeClient, type KubeObject } from '@tiphys/testing';

export interface DeploymentView extends KubeObject {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly updatedReplicas?: number;
    readonly availableReplicas?: number;
    readonly replicas?: number;
  };
}

export const NAMESPACE = 'guestbook';
const DEPLOYMENT = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/guestbook-ui`;

export function deployment(client: KubeClient): Promise<DeploymentView> {
  return client.get<DeploymentView>(DEPLOYMENT);
}

/** Waits until the cluster runs exactly this image with this many available replicas. */
export function rolledOut(
  client: KubeClient,
  wanted: { readonly image: string; readonly replicas: number },
): Promise<void> {
  return eventually(
    async () => {
      const live = await deployment(client);
      const { status = {} } = live;
      expectEqual('image', imageOf(live), wanted.image);
      expectEqual('spec.replicas', live.spec.replicas, wanted.replicas);
      expectEqual('observed generation', status.observedGeneration, live.metadata.generation);
      expectEqual('updated replicas', status.updatedReplicas, wanted.replicas);
      expectEqual('available replicas', status.availableReplicas, wanted.replicas);
      expectEqual('replicas', status.replicas, wanted.replicas);
    },
    { timeoutMs: 58_000, description: `Deployment guestbook-ui runs ${wanted.replicas} × ${wanted.image}` },
  );
}

export function imageOf(live: DeploymentView): string {
  return live.spec.template.spec.containers[0]?.image ?? '';
}

export function imageReached(client: KubeClient, image: string): Promise<void> {
  return eventually(async () => expectEqual('image', imageOf(await deployment(client)), image), {
    timeoutMs: 58_000,
    description: `image ${image}`,
  });
}

/** `kubectl scale`: a write to the scale subresource by another field manager. */
export async function scale(client: KubeClient, replicas: number): Promise<void> {
  await client.patch(`${DEPLOYMENT}/scale`, { spec: { replicas } }, { fieldManager: 'kubectl' });
}

export function replicasReached(client: KubeClient, replicas: number): Promise<void> {
  return eventually(async () => expectEqual('spec.replicas', (await deployment(client)).spec.replicas, replicas), {
    timeoutMs: 58_000,
    description: `${replicas} replicas`,
  });
}

export function gone(client: KubeClient, path: string): Promise<void> {
  return eventually(async () => expectEqual('object', await client.find(path), undefined), {
    timeoutMs: 58_000,
    description: `${path} is gone`,
  });
}

export function expectEqual(what: string, actual: unknown, wanted: unknown): void {
  if (actual !== wanted) throw new Error(`${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`);
}
