/** S26: what chart sources may be asked for, also through redirects; with a real server on this machine. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createHttpClient } from './http.js';

let server: Server;
let base: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    const target = decodeURIComponent(request.url?.replace('/to?', '') ?? '');
    response.writeHead(302, { location: target }).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const get = (url: string, allowLoopback: boolean) => {
  const client = createHttpClient({ userAgent: 'test', timeoutMs: 5_000, outbound: { allowLoopback } });
  return client.get({ url, maxBytes: 100, signal: AbortSignal.timeout(10_000) }).finally(() => client.close());
};

it.each([
  ['this machine', () => base],
  ['this machine by name', () => base.replace('127.0.0.1', 'localhost')],
  ['the metadata service', () => 'http://169.254.169.254/latest/meta-data/'],
])('S26 never asks %s', async (_name, url) => {
  await expect(get(url(), false)).rejects.toThrow(/is not asked/);
});

it.each(['http://169.254.169.254/latest', 'http://[fe80::1]/', 'http://[::ffff:169.254.169.254]/'])(
  'S26 does not follow a redirect to %s, not even where this machine may be asked',
  async (target) => {
    await expect(get(`${base}/to?${encodeURIComponent(target)}`, true)).rejects.toThrow(/is not asked/);
  },
);
