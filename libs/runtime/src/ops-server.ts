/** The operations port of a service: `/healthz`, `/readyz` and `/metrics`. Plain HTTP, for the kubelet and Prometheus. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { redact } from '@tiphys/model';
import type { HostPort } from './listen-address.js';
import type { Metrics } from './metrics.js';

export interface CheckResult {
  readonly name: string;
  readonly ok: boolean;
  /** Why not, and what to look at. */
  readonly message?: string;
}

/** `full` is `/healthz?full=true`: dependencies too, not only this process. A thrown error counts as failed. */
export type Check = (options: { readonly full: boolean }) => readonly CheckResult[] | Promise<readonly CheckResult[]>;

export interface OpsServerOptions {
  readonly listen: HostPort;
  readonly metrics: Metrics;
  /** Default: always healthy. */
  readonly health?: Check;
  /** Default: as healthy. */
  readonly ready?: Check;
}

export interface OpsServer {
  /** The port in use (for `listen.port` 0). */
  readonly port: number;
  stop(): Promise<void>;
}

/** Answers 200 with the passed checks, 503 with the failed ones. Rejects when the port is taken. */
export async function startOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(`${describe(error)}\n`);
    });
  });
  await listen(server, options.listen);
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, address: HostPort): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.port, address.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function answer(options: OpsServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const healthy: Check = options.health ?? (() => []);
  switch (url.pathname) {
    case '/metrics':
      response.writeHead(200, { 'content-type': options.metrics.contentType }).end(await options.metrics.render());
      return;
    case '/healthz':
      await report(healthy, url, response);
      return;
    case '/readyz':
      await report(options.ready ?? healthy, url, response);
      return;
    default:
      response.writeHead(404, { 'content-type': 'text/plain' }).end('try /healthz, /readyz or /metrics\n');
  }
}

async function report(check: Check, url: URL, response: ServerResponse): Promise<void> {
  const results = await runCheck(check, url.searchParams.get('full') === 'true');
  const status = results.every((result) => result.ok) ? 200 : 503;
  const lines = results.map(
    ({ name, ok, message }) => `${ok ? 'ok' : 'failed'} ${name}${message ? `: ${redact(message)}` : ''}`,
  );
  const body = lines.length === 0 ? ['ok'] : lines;
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${body.join('\n')}\n`);
}

async function runCheck(check: Check, full: boolean): Promise<readonly CheckResult[]> {
  try {
    return await check({ full });
  } catch (error) {
    return [{ name: 'check', ok: false, message: describe(error) }];
  }
}

function describe(error: unknown): string {
  return redact(error instanceof Error ? error.message : String(error));
}
