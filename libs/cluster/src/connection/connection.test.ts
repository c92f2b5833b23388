import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectionFromClusterSecret } from './cluster-secret.js';
import { loadClusterConnection } from './load-connection.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tiphys-connection-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function kubeconfig(user: object, cluster: object = {}): string {
  const file = join(directory, 'config');
  writeFileSync(
    file,
    JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://kube:6443/', ...cluster } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'ctx', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'ctx',
    }),
  );
  return file;
}

function base64(text: string) {
  return Buffer.from(text).toString('base64');
}

describe('a kubeconfig', () => {
  it('gives server, certificates from data and from files beside it, and a token', async () => {
    writeFileSync(join(directory, 'client.pem'), 'CERT');
    const cluster = { 'certificate-authority-data': base64('CA'), 'tls-server-name': 'kubernetes' };
    const user = { token: 'secret', 'client-certificate': 'client.pem', 'client-key-data': base64('KEY') };
    const { authorization, ...connection } = await loadClusterConnection({ kubeconfig: kubeconfig(user, cluster) });
    expect(connection).toEqual({
      server: 'https://kube:6443',
      name: 'in-cluster',
      caData: 'CA',
      certData: 'CERT',
      keyData: 'KEY',
      tlsServerName: 'kubernetes',
    });
    expect(await authorization?.()).toBe('Bearer secret');
  });

  it('runs its exec plugin when a request needs it, once while the credential is valid (H03)', async () => {
    const plugin = join(directory, 'plugin');
    const status = { token: 'from-plugin', clientCertificateData: 'CERT', clientKeyData: 'KEY' };
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status };
    writeFileSync(plugin, `#!/bin/sh\necho run >> "${directory}/runs"\necho '${JSON.stringify(credential)}'\n`);
    chmodSync(plugin, 0o755);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: plugin, args: [] };
    const connection = await loadClusterConnection({ kubeconfig: kubeconfig({ exec }) });
    const answers = await Promise.all([connection.authorization?.(), connection.authorization?.()]);
    expect(answers).toEqual(['Bearer from-plugin', 'Bearer from-plugin']);
    expect(await connection.clientCertificate?.()).toEqual({ certData: 'CERT', keyData: 'KEY' });
    const { readFileSync } = await import('node:fs');
    expect(readFileSync(join(directory, 'runs'), 'utf8')).toBe('run\n');
  });

  it.each([
    { name: 'an unknown context', options: { context: 'other' }, message: 'has no context "other"' },
    { name: 'a missing file', options: { kubeconfig: '/nowhere/config' }, message: 'cannot read /nowhere/config' },
  ])('with $name says so', async ({ options, message }) => {
    await expect(loadClusterConnection({ kubeconfig: kubeconfig({}), ...options })).rejects.toMatchObject({
      code: 'InvalidSpec',
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('in a pod (H05)', () => {
  it('uses the service account of the pod', async () => {
    writeFileSync(join(directory, 'ca.crt'), 'CA');
    writeFileSync(join(directory, 'token'), 'pod-token\n');
    const connection = await loadClusterConnection({ serviceAccountDir: directory });
    expect(connection).toMatchObject({ server: 'https://kubernetes.default.svc', caData: 'CA' });
    expect(await connection.authorization?.()).toBe('Bearer pod-token');
  });

  it('tells who runs it elsewhere to set KUBECONFIG', async () => {
    await expect(loadClusterConnection({ serviceAccountDir: join(directory, 'none') })).rejects.toThrow(
      'set KUBECONFIG',
    );
  });
});

describe('a cluster Secret', () => {
  const secret = { name: 'prod', server: 'https://prod:6443', config: {} };

  it('gives the connection that its config describes (H01, H02)', async () => {
    const tlsClientConfig = {
      caData: base64('CA'),
      certData: base64('CERT'),
      keyData: base64('KEY'),
      serverName: 'kube',
    };
    const { authorization, ...connection } = await connectionFromClusterSecret({
      ...secret,
      namespaces: ['a'],
      clusterResources: true,
      config: { username: 'u', password: 'p', tlsClientConfig },
    });
    expect(connection).toEqual({
      ...{ server: 'https://prod:6443', name: 'prod', caData: 'CA', certData: 'CERT', keyData: 'KEY' },
      ...{ tlsServerName: 'kube', namespaces: ['a'], clusterResources: true },
      // Tests may ask this machine (vitest.config.ts).
      outbound: { allowLoopback: true },
    });
    expect(await authorization?.()).toBe(`Basic ${base64('u:p')}`);
  });

  it.each([
    {
      name: 'a command that is not allowed (S10)',
      config: { execProviderConfig: { command: '/bin/sh' } },
      message: 'runs "/bin/sh", which is not allowed',
    },
    {
      name: 'insecure together with a CA',
      config: { tlsClientConfig: { insecure: true, caData: 'x' } },
      message: 'both insecure and caData',
    },
  ])('is refused with $name', async ({ config, message }) => {
    await expect(connectionFromClusterSecret({ ...secret, config })).rejects.toMatchObject({
      code: 'InvalidSpec',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is refused when its server is not a URL of an API server', async () => {
    await expect(connectionFromClusterSecret({ ...secret, server: 'file:///etc' })).rejects.toThrow(
      'use https://host:port',
    );
  });
});
