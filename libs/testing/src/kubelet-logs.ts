/**
 * The part of a kubelet that serves logs and shells: a Node whose address is an HTTPS server here, which a real API server
 * asks. It says that it speaks WebSocket, so that the API server hands the client's websocket on to it.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type WebSocket, WebSocketServer } from 'ws';
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

/** One command in a container; the test plays it. Messages begin with the number of their channel (v5.channel.k8s.io). */
export interface KubeletExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** `command`, `tty`, `input`, `output`… */
  readonly query: URLSearchParams;
  readonly socket: WebSocket;
}

/** What the Node is called and what answers. */
export interface KubeletLogsOptions {
  readonly nodeName: string;
  readonly onRequest: (request: KubeletLogRequest) => void;
  readonly onExec?: (request: KubeletExecRequest) => void;
}

/** A running log server; Pods with its Node's name in `spec.nodeName` are asked here. */
export interface KubeletLogs {
  /** Removes the Node. */
  stop(): Promise<void>;
}

const EXEC_PROTOCOL = 'v5.channel.k8s.io';

/** Registers the Node. Nothing is scheduled to it: it is tainted, so that no DaemonSet of another test gets Pods. */
export async function startKubeletLogs(client: KubeClient, options: KubeletLogsOptions): Promise<KubeletLogs> {
  const { cert, key } = createCertificateAuthority().issue({ commonName: options.nodeName, sans: ['127.0.0.1'] });
  const server = createServer({ cert, key }, (request, response) => answer(options, request, response));
  const sockets = acceptExec(server, options);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await registerNode(client, options.nodeName, port);
  return {
    stop: async () => {
      for (const socket of sockets.clients) socket.terminate();
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

/** `/exec/<namespace>/<pod>/<container>`, with the newest protocol that the client knows. */
function acceptExec(server: Server, options: KubeletLogsOptions): WebSocketServer {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has(EXEC_PROTOCOL) ? EXEC_PROTOCOL : false),
  });
  server.on('upgrade', (request, connection, head) => {
    const url = new URL(request.url ?? '/', 'https://kubelet.invalid');
    const [, kind, namespace = '', pod = '', container = ''] = url.pathname.split('/');
    if (kind !== 'exec' || options.onExec === undefined) {
      connection.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, connection, head, (socket) =>
      options.onExec?.({ namespace, pod, container, query: url.searchParams, socket }),
    );
  });
  return sockets;
}

async function registerNode(client: KubeClient, name: string, port: number): Promise<void> {
  const taints = [{ key: 'tiphys.test/logs-only', effect: 'NoSchedule' }];
  await client.create({ apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: { taints } } as never);
  const status = {
    addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    declaredFeatures: ['ExtendWebSocketsToKubelet'],
  };
  await client.patch(`/api/v1/nodes/${name}/status`, { status }, { fieldManager: 'kubelet' });
}
