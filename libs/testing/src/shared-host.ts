/** The other end of shared.ts: starts the shared parts in vitest's main process when a worker first asks for them. */
import { createServer, type Server } from 'node:http';
import { CLUSTER_USERS, type ClusterUser, type ControlPlaneInfo, startControlPlane } from './control-plane.js';
import { installCustomResources } from './custom-resources.js';
import { createKubeClient } from './kube-client.js';
import { readKubeconfig } from './kubeconfig.js';
import { startKubelet } from './kubelet.js';
import { startRedis } from './redis.js';

/** A running host of shared parts. */
export interface SharedHost {
  readonly url: string;
  /** Stops whatever was started. */
  stop(): Promise<void>;
}

type Stop = () => Promise<void>;
type Start = (stops: Stop[]) => Promise<unknown>;

const PARTS: Readonly<Record<string, Start>> = {
  '/control-plane': startSharedControlPlane,
  '/redis': async (stops) => {
    const redis = await startRedis();
    stops.push(() => redis.stop());
    return redis;
  },
};

/** Listens on the loopback interface; starts nothing else yet. */
export async function startSharedHost(): Promise<SharedHost> {
  const stops: Stop[] = [];
  const started = new Map<string, Promise<unknown>>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const start = PARTS[path];
    if (start === undefined) {
      response.writeHead(404).end('no such part');
      return;
    }
    const part = started.get(path) ?? start(stops);
    started.set(path, part);
    part.then(
      (info) => response.end(JSON.stringify(info)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  const url = await listen(server);
  return {
    url,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await Promise.allSettled(started.values());
      await Promise.all(stops.map((stop) => stop()));
    },
  };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

async function startSharedControlPlane(stops: Stop[]): Promise<ControlPlaneInfo> {
  if (process.env['TIPHYS_USE_KUBECONFIG'] === '1') {
    return useExistingCluster();
  }
  const controlPlane = await startControlPlane();
  stops.push(() => controlPlane.stop());
  const kubelet = await startKubelet(controlPlane.client('tiphys-kubelet'));
  stops.unshift(() => kubelet.stop());
  return controlPlane;
}

/** The cluster of $KUBECONFIG: one user for everything, no audit log, its own kubelets. */
async function useExistingCluster(): Promise<ControlPlaneInfo> {
  const kubeconfigPath = process.env['KUBECONFIG'];
  if (kubeconfigPath === undefined || kubeconfigPath === '') {
    throw new Error('TIPHYS_USE_KUBECONFIG=1 needs KUBECONFIG');
  }
  const access = readKubeconfig(kubeconfigPath);
  const client = createKubeClient(access);
  await installCustomResources(client);
  await client.close();
  const token = access.token ?? '';
  const tokens = Object.fromEntries(CLUSTER_USERS.map((user) => [user, token])) as Record<ClusterUser, string>;
  return {
    ...access,
    caData: access.caData ?? '',
    adminToken: token,
    tokens,
    kubeconfigPath,
    auditLogPath: '',
    pids: {},
  };
}
