/** The part of a kubelet that serves logs: a Node whose address is an HTTPS server here, which a real API server asks. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { createCertificateAuthority } from './certificates.js';
import type { KubeClient } from './kube-client.js';

/** One request for logs; the test writes the answer, when it likes. */
export interface KubeletLogRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** As the API server passes them on: `follow`, `tailLines`, `sinceTime`, `timestamps`… */
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
}

/** What the Node is called and what answers. */
export interface KubeletLogsOptions {
  readonly nodeName: string;
  readonly onRequest: (request: KubeletLogRequest) => void;
}

/** A running log server; Pods with its Node's name in `spec.nodeName` are asked here. */
export interface KubeletLogs {
  /** Removes the Node. */
  stop(): Promise<void>;
}

/** Registers the Node. Nothing is scheduled to it: it is tainted, so that no DaemonSet of another test gets Pods. */
export async function startKubeletLogs(client: KubeClient, options: KubeletLogsOptions): Promise<KubeletLogs> {
  const { cert, key } = createCertificateAuthority().issue({ commonName: options.nodeName, sans: ['127.0.0.1'] });
  const server = createServer({ cert, key }, (request, response) => answer(options, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await registerNode(client, options.nodeName, port);
  return {
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await client.request('DELETE', `/api/v1/nodes/${options.nodeName}`);
    },
  };
}

function answer(options: KubeletLogsOptions, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'https://kubelet.invalid');
  const [, kind, namespace = '', pod = '', container = ''] = url.pathname.split('/');
  if (kind !== 'containerLogs') {
    response.writeHead(404).end();
    return;
  }
  options.onRequest({ namespace, pod, container, query: url.searchParams, response });
}

async function registerNode(client: KubeClient, name: string, port: number): Promise<void> {
  const taints = [{ key: 'tiphys.test/logs-only', effect: 'NoSchedule' }];
  await client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { taints } } as never);
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
  };
  await client.patch(`/api/v1/nodes/${name}/status`, { status }, { fieldManager: 'kubelet' });
}
