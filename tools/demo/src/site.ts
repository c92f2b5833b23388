/** Everything the story needs, each a real process: control plane, kubelet stand-in, Redis, Git server, the services. */
import {
  type ControlPlane,
  type ControlPlaneInfo,
  createKubeClient,
  type Installation,
  type KubeClient,
  readKubeconfig,
  startControlPlane,
  startGitServer,
  startInstallation,
  startKubelet,
  startRedis,
} from '@tiphys/testing';
import type { Narrator } from './narrator.js';
import { createDemoRepository, type DemoRepository } from './repository.js';

export interface DemoSite {
  readonly controlPlane: ControlPlaneInfo;
  readonly client: KubeClient;
  readonly installation: Installation;
  readonly repository: DemoRepository;
  /** Ends every process that was started, in reverse order. */
  stop(): Promise<void>;
}

export async function startSite(
  narrator: Narrator,
  { useKubeconfig }: { readonly useKubeconfig: boolean },
): Promise<DemoSite> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.reverse()) await end();
    stops.length = 0;
  };
  try {
    return { ...(await startParts(narrator, { useKubeconfig, stops })), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface StartOptions {
  readonly useKubeconfig: boolean;
  readonly stops: (() => Promise<void>)[];
}

async function startParts(narrator: Narrator, { useKubeconfig, stops }: StartOptions): Promise<Omit<DemoSite, 'stop'>> {
  narrator.say('Starting');
  const cluster = useKubeconfig
    ? existingCluster()
    : await narrator.step('control plane: etcd, kube-apiserver, kube-controller-manager', ownCluster);
  stops.push(cluster.stop);
  const { controlPlane, client } = cluster;
  const parts = await narrator.step('Redis, Git server with examples/guestbook', async () => {
    const redis = await startRedis();
    stops.push(() => redis.stop());
    const git = await startGitServer();
    stops.push(() => git.stop());
    return { redis, repository: await createDemoRepository(git) };
  });
  const installation = await narrator.step('Tiphys: repo-server, application-controller, api-server', () =>
    startInstallation({ controlPlane, redis: parts.redis }),
  );
  stops.push(() => installation.stop());
  narrator.say('The story');
  return { controlPlane, client, installation, repository: parts.repository };
}

interface DemoCluster {
  readonly controlPlane: ControlPlaneInfo;
  readonly client: KubeClient;
  readonly stop: () => Promise<void>;
}

async function ownCluster(): Promise<DemoCluster> {
  const controlPlane: ControlPlane = await startControlPlane();
  const client = controlPlane.client('tiphys-test');
  const kubelet = await startKubelet(controlPlane.client('tiphys-kubelet'));
  const stop = async (): Promise<void> => {
    await kubelet.stop();
    await controlPlane.stop();
  };
  return { controlPlane, client, stop };
}

/** The cluster of KUBECONFIG; its nodes run the Pods, and its audit log is not ours to read. */
function existingCluster(): DemoCluster {
  const kubeconfigPath = process.env['KUBECONFIG']?.split(':')[0];
  if (kubeconfigPath === undefined || kubeconfigPath === '')
    throw new Error('--use-kubeconfig needs KUBECONFIG: set it to the file of an existing cluster');
  const access = readKubeconfig(kubeconfigPath);
  const client = createKubeClient(access, 'tiphys-demo');
  const nothing = { adminToken: access.token ?? '', tokens: {}, auditLogPath: '', pids: {} };
  const controlPlane = {
    ...access,
    caData: access.caData ?? '',
    ...nothing,
    kubeconfigPath,
  } as unknown as ControlPlaneInfo;
  return { controlPlane, client, stop: () => client.close() };
}
