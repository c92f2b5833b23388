/**
 * HTTP to one API server: two keep-alive pools (requests, watches: watches never starve requests), authorization per
 * request, retries that cannot repeat a write's effect.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { GitOpsError } from '@tiphys/model';
import { guardedLookup } from '@tiphys/runtime';
import type { buildConnector, Dispatcher } from 'undici';
import type { ClusterConnection, KubeSocket, SocketOptions, StreamOptions } from '../ports.js';
import { certificateAge, timedLookup } from './connection-watch.js';
import { networkError, parseStatus, retryAfterMs, statusError } from './errors.js';
import type { ClientObserver, RequestReport } from './observer.js';
import { createAgent, createConnector, createProxyAgent, request as send } from './undici.js';

export interface TransportOptions {
  readonly connection: ClusterConnection;
  /** Requests in flight; more wait in line (our answer to L09's QPS: the server's own fairness needs no more). */
  readonly concurrency: number;
  readonly timeoutMs: number;
  readonly onRequest?: ((report: RequestReport) => void) | undefined;
  readonly observer?: ClientObserver | undefined;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: string | undefined;
  readonly contentType?: string | undefined;
  readonly accept?: string | undefined;
  /** The same request twice has the effect of one: it may be retried after a connection reset. */
  readonly idempotent: boolean;
  /** User to act as, instead of the connection's. */
  readonly impersonate?: string | undefined;
  readonly signal: AbortSignal;
}

export interface Transport {
  /** The body of a 2xx answer. @throws GitOpsError */
  send(request: HttpRequest): Promise<string>;
  /** An endless answer; the caller's signal ends it. @throws GitOpsError when it does not start. */
  stream(path: string, options: StreamOptions): Promise<Dispatcher.ResponseData['body']>;
  connect(path: string, options: SocketOptions & { readonly impersonate?: string }): Promise<KubeSocket>;
  close(): Promise<void>;
}

const ATTEMPTS = 4;
const MAX_RETRY_DELAY_MS = 5_000;
/** Failures before the server can have seen anything. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT']);
const RESET = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_CLOSED']);
const RETRY_STATUS = new Set([429, 502, 503, 504]);

export function createTransport(options: TransportOptions): Transport {
  const { connection } = options;
  const { observer } = options;
  const requests = createDispatcher(connection, {
    connections: options.concurrency,
    timeoutMs: options.timeoutMs,
    observer,
  });
  const watches = createDispatcher(connection, { connections: null, timeoutMs: 0, observer });
  return {
    send: (request) => sendWithRetries(options, requests, request),
    stream: (path, stream) => openStream(options, watches, { ...stream, path }),
    connect: (path, socket) => connect(options, path, socket),
    close: async () => {
      await Promise.all([requests.destroy(), watches.destroy()]);
    },
  };
}

interface PoolOptions {
  readonly connections: number | null;
  readonly timeoutMs: number;
  readonly observer: ClientObserver | undefined;
}

function createDispatcher(
  connection: ClusterConnection,
  { connections, timeoutMs, observer }: PoolOptions,
): Dispatcher {
  // HTTP/2 would be undici's choice; with API servers HTTP/1.1 is twice as fast and a watch cannot block others.
  const pool = {
    allowH2: false,
    connections,
    keepAliveTimeout: 60_000,
    headersTimeout: timeoutMs || 60_000,
    bodyTimeout: timeoutMs,
  };
  const connect = connectOptions(connection, observer);
  if (connection.proxyUrl) return createProxyAgent({ uri: connection.proxyUrl, requestTls: connect, ...pool });
  return createAgent({ ...pool, connect: connectorOf(connection, connect, observer) });
}

function connectOptions(
  connection: ClusterConnection,
  observer: ClientObserver | undefined,
): buildConnector.BuildOptions {
  const tls = {
    ...(connection.caData === undefined ? {} : { ca: connection.caData }),
    ...(connection.certData === undefined ? {} : { cert: connection.certData }),
    ...(connection.keyData === undefined ? {} : { key: connection.keyData }),
    ...(connection.tlsServerName ? { servername: connection.tlsServerName } : {}),
    ...(connection.insecureSkipVerify === true ? { rejectUnauthorized: false } : {}),
  };
  return { ...tls, ...lookupOf(connection, observer), timeout: 10_000, allowH2: false };
}

/** Guarded (S26) also while it is timed. */
function lookupOf({ outbound }: ClusterConnection, observer: ClientObserver | undefined) {
  const guarded = outbound === undefined ? undefined : guardedLookup(outbound);
  if (observer !== undefined) return { lookup: timedLookup(observer, guarded) };
  return guarded === undefined ? {} : { lookup: guarded };
}

async function connect(
  { connection, observer }: Pick<TransportOptions, 'connection' | 'observer'>,
  path: string,
  { impersonate, ...options }: SocketOptions & { readonly impersonate?: string },
): Promise<KubeSocket> {
  const request: HttpRequest = { method: 'GET', path, idempotent: false, impersonate, signal: options.signal };
  const headers = await headersOf(connection, request);
  const chosen = connectorOf(connection, connectOptions(connection, observer), observer);
  const connector = typeof chosen === 'function' ? chosen : createConnector(chosen);
  // Loaded with the first terminal.
  const { openSocket } = await import('./web-socket.js');
  return openSocket({ connection, path, headers, connector }, options);
}

/** Rotating client certificates (exec plugins) are read for every new connection; else undici's own connector. */
function connectorOf(
  { clientCertificate }: ClusterConnection,
  tls: buildConnector.BuildOptions,
  observer: ClientObserver | undefined,
) {
  if (clientCertificate === undefined) return tls;
  const age = certificateAge(observer);
  const connector: buildConnector.connector = (target, callback) => {
    clientCertificate().then(
      (pair) => {
        age.seen(pair?.certData);
        const own = pair === undefined ? {} : { cert: pair.certData, key: pair.keyData };
        createConnector({ ...tls, ...own })(target, callback);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), null),
    );
  };
  return connector;
}

async function sendWithRetries(options: TransportOptions, agent: Dispatcher, request: HttpRequest): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const outcome = await sendOnce(options, agent, request);
    if ('body' in outcome) return outcome.body;
    request.signal.throwIfAborted();
    if (!outcome.retry || attempt >= ATTEMPTS) throw outcome.error;
    const wait = outcome.waitMs ?? 100 * 2 ** attempt * (0.5 + Math.random());
    if (wait > MAX_RETRY_DELAY_MS) throw outcome.error;
    options.observer?.retried({ host: hostOf(options.connection), method: request.method, status: outcome.status });
    await delay(wait, undefined, { signal: request.signal });
  }
}

type Outcome =
  | { readonly body: string }
  | {
      readonly error: GitOpsError;
      readonly retry: boolean;
      /** Of HTTP; 0: no answer. */
      readonly status: number;
      readonly waitMs?: number | undefined;
    };

async function sendOnce(options: TransportOptions, agent: Dispatcher, request: HttpRequest): Promise<Outcome> {
  const { server } = options.connection;
  const failed = { server, method: request.method, path: request.path };
  const report = stopwatch(options, request);
  const headers = await headersOf(options.connection, request);
  try {
    const {
      statusCode,
      body,
      headers: answer,
    } = await send(agent, {
      origin: originOf(server),
      path: prefixOf(server) + request.path,
      method: request.method,
      headers,
      body: request.body ?? null,
      signal: request.signal,
    });
    const text = await body.text();
    report(statusCode, text);
    if (statusCode < 400) return { body: text };
    const waitMs = retryAfterMs(answer['retry-after']);
    const retry = statusCode === 429 || (request.idempotent && RETRY_STATUS.has(statusCode));
    return { error: statusError(failed, parseStatus(statusCode, text), waitMs), retry, status: statusCode, waitMs };
  } catch (error) {
    report(0);
    if (request.signal.aborted) throw request.signal.reason;
    return { error: networkError(failed, error), retry: mayRetry(request, error), status: 0 };
  }
}

function mayRetry(request: HttpRequest, error: unknown): boolean {
  const code = String((error as { readonly code?: unknown } | undefined)?.code);
  return NOT_SENT.has(code) || (request.idempotent && RESET.has(code));
}

async function openStream(
  options: TransportOptions,
  agent: Dispatcher,
  { path, signal, mayBeginLate = false }: StreamOptions & { readonly path: string },
): Promise<Dispatcher.ResponseData['body']> {
  const { server } = options.connection;
  const request: HttpRequest = { method: 'GET', path, idempotent: true, signal };
  const failed = { server, method: 'WATCH', path };
  const report = stopwatch(options, { method: 'WATCH', path });
  const headers = await headersOf(options.connection, request);
  let response: Dispatcher.ResponseData;
  try {
    const target = { origin: originOf(server), path: prefixOf(server) + path };
    const wait = mayBeginLate ? { headersTimeout: 0 } : {};
    response = await send(agent, { ...target, ...wait, method: 'GET', headers, signal });
  } catch (error) {
    report(0);
    if (signal.aborted) throw signal.reason;
    throw networkError(failed, error);
  }
  report(response.statusCode);
  // The reader gets every error by itself; one that comes after it has left must not end the process.
  response.body.on('error', () => undefined);
  if (response.statusCode < 400) return response.body;
  const text = await response.body.text();
  throw statusError(failed, parseStatus(response.statusCode, text), retryAfterMs(response.headers['retry-after']));
}

async function headersOf(connection: ClusterConnection, request: HttpRequest): Promise<Record<string, string>> {
  const headers: Record<string, string> = {
    accept: request.accept ?? 'application/json',
    'user-agent': connection.userAgent ?? 'tiphys',
  };
  if (request.body !== undefined) headers['content-type'] = request.contentType ?? 'application/json';
  const user = request.impersonate ?? connection.impersonateUser;
  if (user) headers['impersonate-user'] = user;
  const authorization = await authorizationOf(connection);
  if (authorization !== undefined) headers['authorization'] = authorization;
  return headers;
}

async function authorizationOf(connection: ClusterConnection): Promise<string | undefined> {
  try {
    return await connection.authorization?.();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GitOpsError(
      'Unauthenticated',
      `cannot get credentials for cluster ${connection.name}: ${reason}; check its exec plugin or token file`,
      { cause, retry: 'backoff' },
    );
  }
}

interface Watched {
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
}

/** `answer`: the body, where it is known as a whole. */
function stopwatch(
  { onRequest, observer, connection }: TransportOptions,
  { method, path, body }: Watched,
): (status: number, answer?: string) => void {
  if (onRequest === undefined && observer === undefined) return () => undefined;
  const start = performance.now();
  const host = hostOf(connection);
  return (status, answer) => {
    const report: RequestReport = {
      ...{ host, method, path, status, durationMs: performance.now() - start },
      requestBytes: body === undefined ? 0 : Buffer.byteLength(body),
      responseBytes: answer === undefined ? undefined : Buffer.byteLength(answer),
    };
    onRequest?.(report);
    observer?.requested(report);
  };
}

function hostOf({ server }: ClusterConnection): string {
  return new URL(server).host;
}

function originOf(server: string): string {
  return new URL(server).origin;
}

/** Servers behind a proxy (Rancher) have a path of their own. */
function prefixOf(server: string): string {
  return new URL(server).pathname.replace(/\/$/, '');
}
