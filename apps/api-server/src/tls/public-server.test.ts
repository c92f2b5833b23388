/** L13: both protocols on one port, over real sockets, with certificates that change. */
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '@tiphys/runtime';
import { createCertificateAuthority } from '@tiphys/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it } from 'vitest';
import { createPublicServer, type ServerCertificate } from './public-server.js';

const authority = createCertificateAuthority();
const issue = (commonName: string) => authority.issue({ commonName, sans: ['localhost'] });
let certificate: ServerCertificate | undefined;
let app: FastifyInstance;
let port: number;

async function start(insecure = false): Promise<void> {
  app = Fastify({
    forceCloseConnections: 'idle',
    serverFactory: (handler) =>
      createPublicServer(handler, {
        certificate: () => certificate,
        insecure,
        http: {},
        log: silentLogger,
      }),
  });
  app.post('/echo', async ({ body, protocol }) => ({ body, protocol }));
  port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
  expect((app.server.address() as AddressInfo).port).toBe(port);
}
afterEach(() => app.close());

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly body: string;
  readonly subject: string | undefined;
}

function post(scheme: 'http' | 'https', agent?: Agent): Promise<Answer> {
  const options = {
    host: 'localhost',
    port,
    path: '/echo',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  };
  return new Promise((resolve, reject) => {
    const secure = { ...options, ca: authority.cert, agent: agent ?? new Agent({ maxCachedSessions: 0 }) };
    const sent = scheme === 'http' ? httpRequest(options) : httpsRequest(secure);
    sent.once('response', (answer) => {
      const chunks: Buffer[] = [];
      const peer =
        'getPeerCertificate' in answer.socket
          ? (answer.socket as { getPeerCertificate(): { subject?: { CN?: unknown } } }).getPeerCertificate()
          : {};
      answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
      answer.once('end', () =>
        resolve({
          ...{
            status: answer.statusCode ?? 0,
            location: answer.headers.location,
            body: Buffer.concat(chunks).toString(),
          },
          subject: String(peer.subject?.CN),
        }),
      );
    });
    sent.once('error', reject);
    sent.end(JSON.stringify({ text: 'x'.repeat(5_000) }));
  });
}

describe('with a certificate', () => {
  it('TLS is answered, plain HTTP is sent there', async () => {
    certificate = issue('one');
    await start();
    expect(await post('https')).toMatchObject({
      status: 200,
      subject: 'one',
      body: expect.stringContaining('"protocol":"https"') as string,
    });
    expect(await post('http')).toMatchObject({ status: 307, location: `https://localhost:${port}/echo` });
  });

  it('a new one is used at once; a broken one is not, and the one before stays', async () => {
    certificate = issue('one');
    await start();
    expect((await post('https')).subject).toBe('one');
    certificate = issue('two');
    expect((await post('https')).subject).toBe('two');
    certificate = { cert: 'broken', key: 'broken' };
    expect((await post('https')).subject).toBe('two');
    expect((await post('http')).status).toBe(307);
    certificate = issue('three');
    expect((await post('https')).subject).toBe('three');
  });

  it('server.insecure answers both', async () => {
    certificate = issue('one');
    await start(true);
    expect((await post('https')).status).toBe(200);
    expect(await post('http')).toMatchObject({
      status: 200,
      body: expect.stringContaining('"protocol":"http"') as string,
    });
  });

  it('it stops though clients keep their connections', async () => {
    certificate = issue('one');
    await start();
    const agent = new Agent({ keepAlive: true });
    expect((await post('https', agent)).status).toBe(200);
    await app.close();
    agent.destroy();
    await expect(post('https')).rejects.toThrow('ECONNREFUSED');
  });
});

it('without a certificate plain HTTP is answered and TLS is not', async () => {
  certificate = undefined;
  await start();
  expect((await post('http')).status).toBe(200);
  await expect(post('https')).rejects.toThrow();
});
