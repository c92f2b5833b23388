import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, createServer, type TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { createCertificateAuthority, writeTlsDir } from './certificates.js';

const SANS = ['repo-server', 'localhost', '127.0.0.1'];

it('issues certificates that openssl verifies, with their names', () => {
  const authority = createCertificateAuthority('ca');
  const root = new X509Certificate(authority.cert);
  const leaf = new X509Certificate(authority.issue({ commonName: 'repo-server', sans: SANS }).cert);
  expect(root.ca).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(leaf.verify(root.publicKey)).toBe(true);
  expect(leaf.checkIssued(root)).toBe(true);
  expect(leaf.checkHost('repo-server')).toBe('repo-server');
  expect(leaf.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(leaf.checkHost('other')).toBeUndefined();
  expect(leaf.validToDate.getTime()).toBeGreaterThan(Date.now());
});

it('issues expired certificates when asked', () => {
  const leaf = new X509Certificate(
    createCertificateAuthority().issue({ commonName: 'late', sans: [], validDays: -1 }).cert,
  );
  expect(leaf.validToDate.getTime()).toBeLessThan(Date.now());
  expect(leaf.validFromDate.getTime()).toBeLessThan(leaf.validToDate.getTime());
});

it('carries mutual TLS for its own authority and refuses another', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tiphys-tls-'));
  const authority = createCertificateAuthority();
  writeTlsDir(directory, authority, { commonName: 'repo-server', sans: SANS });
  const read = (file: string) => readFileSync(join(directory, file));
  const material = { ca: read('ca.crt'), cert: read('tls.crt'), key: read('tls.key') };
  const server = createServer({ ...material, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' });
  server.on('secureConnection', (socket) => socket.end(socket.authorized ? 'welcome' : 'who?'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await expect(talk({ port, ...material })).resolves.toBe('welcome');
    const foreign = createCertificateAuthority().issue({ commonName: 'x', sans: [] });
    await expect(talk({ port, ca: material.ca, ...foreign })).rejects.toThrow();
  } finally {
    server.close();
    rmSync(directory, { recursive: true });
  }
});

function talk(options: ConnectionOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ ...options, host: '127.0.0.1', servername: 'repo-server' });
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('error', reject);
    socket.once('end', () => reject(new Error('closed')));
  });
}
