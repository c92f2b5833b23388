/** WebSockets of an API server (exec in a pod): the connection's TLS, credentials and proxy, as for any other request. */
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { GitOpsError } from '@tiphys/model';
import type { buildConnector } from 'undici';
import { type ClientOptions, WebSocket } from 'ws';
import type { ClusterConnection, KubeSocket, SocketOptions } from '../ports.js';
import { type FailedRequest, networkError, parseStatus, statusError } from './errors.js';

export interface SocketTarget {
  readonly connection: ClusterConnection;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connector: buildConnector.connector;
}

const HANDSHAKE_MS = 30_000;
/** An API server sends at most what a container wrote at once. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

/** @throws GitOpsError when the server does not open it. */
export async function openSocket(target: SocketTarget, { protocols, signal }: SocketOptions): Promise<KubeSocket> {
  const { connection, path, headers } = target;
  const failed: FailedRequest = { server: connection.server, method: 'CONNECT', path };
  const url = new URL(connection.server);
  url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
  signal.throwIfAborted();
  const socket = new WebSocket(url.origin + url.pathname.replace(/\/$/, '') + path, [...protocols], {
    headers,
    ...{ handshakeTimeout: HANDSHAKE_MS, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false },
    // Node lets a connection come by the callback; the types know only the result.
    createConnection: connectionMaker(target) as unknown as NonNullable<ClientOptions['createConnection']>,
  });
  const abort = (): void => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', abort));
  await opened(socket, failed);
  return socketOf(socket, failed);
}

/** The server's own words when it refuses. */
function opened(socket: WebSocket, failed: FailedRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.on('error', (error) => reject(networkError(failed, error)));
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      readText(response).then(
        (text) => reject(statusError(failed, parseStatus(response.statusCode ?? 0, text), undefined)),
        reject,
      );
      // Else it would wait for the end of the handshake's time.
      socket.terminate();
    });
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    if (text.length > MAX_ERROR_BYTES) break;
  }
  return text;
}

function socketOf(socket: WebSocket, failed: FailedRequest): KubeSocket {
  return {
    protocol: socket.protocol,
    messages: messagesOf(socket, failed),
    send: (data) =>
      new Promise((resolve, reject) => {
        socket.send(data, (error) => (error ? reject(networkError(failed, error)) : resolve()));
      }),
    close: () => {
      socket.close();
      socket.resume();
    },
  };
}

/** Nothing more is read of the connection while the reader has not taken what came. */
async function* messagesOf(socket: WebSocket, failed: FailedRequest): AsyncGenerator<Buffer> {
  const waiting: Buffer[] = [];
  let wake: () => void = () => undefined;
  let failure: unknown;
  socket.on('message', (data) => {
    waiting.push(bufferOf(data));
    socket.pause();
    wake();
  });
  socket.on('error', (error) => {
    failure = error;
  });
  socket.once('close', () => wake());
  const more = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      socket.resume();
    });
  try {
    while (waiting.length > 0 || socket.readyState !== WebSocket.CLOSED) {
      const next = waiting.shift();
      if (next === undefined) await more();
      else yield next;
    }
    if (failure !== undefined) throw networkError(failed, failure);
  } finally {
    socket.terminate();
  }
}

function bufferOf(data: Buffer | ArrayBuffer | Buffer[]): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

type Connected = (error: Error | null, socket?: Duplex) => void;

/** As an HTTP agent makes connections: the socket comes by the callback. */
function connectionMaker({
  connection,
  connector,
}: SocketTarget): (options: unknown, connected: Connected) => undefined {
  return (_, connected) => {
    const { protocol, hostname, port, host } = new URL(connection.server);
    const target = { protocol, hostname, host, port: port || (protocol === 'http:' ? '80' : '443') };
    tunnel(connection.proxyUrl, target)
      .then((httpSocket) =>
        connector({ ...target, ...(httpSocket === undefined ? {} : { httpSocket }) }, connected as never),
      )
      .catch((error: unknown) => connected(error instanceof Error ? error : new Error(String(error))));
    return undefined;
  };
}

/** Through the proxy of a cluster that has one. */
async function tunnel(
  proxyUrl: string | undefined,
  { hostname, port }: { readonly hostname: string; readonly port: string },
): Promise<buildConnector.Options['httpSocket'] | undefined> {
  if (!proxyUrl) return undefined;
  const proxy = new URL(proxyUrl);
  const user = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const headers = user === ':' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(user).toString('base64')}` };
  const send = proxy.protocol === 'https:' ? httpsRequest : httpRequest;
  const path = `${hostname}:${port}`;
  const asked = send({
    host: proxy.hostname,
    port: proxy.port,
    method: 'CONNECT',
    path,
    headers,
    timeout: HANDSHAKE_MS,
  });
  asked.end();
  const [response, socket] = (await once(asked, 'connect')) as [IncomingMessage, Duplex];
  if (response.statusCode === 200) return socket as buildConnector.Options['httpSocket'];
  socket.destroy();
  throw new GitOpsError(
    'Upstream',
    `the proxy ${proxy.host} answered ${response.statusCode}; check the cluster's proxyUrl`,
  );
}
