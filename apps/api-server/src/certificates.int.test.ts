/** Trusted certificates and host keys on a real control plane (N07, G11, G12). */
import {
  createCertificateAuthority,
  type KubeClient,
  type KubeObject,
  removeDirectory,
  sharedControlPlane,
  sharedRedis,
  temporaryDirectory,
  writeTlsDir,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './testing/test-app.js';

type Data = KubeObject & { readonly data: Readonly<Record<string, string>> };

const tlsDir = temporaryDirectory('tls');
const authority = createCertificateAuthority();
let server: TestApp;
let kube: KubeClient;
let namespace: string;

/** An ssh-ed25519 key as in known_hosts: length-prefixed name, length-prefixed 32 bytes. */
function hostKey(fill: number): string {
  const name = Buffer.from('ssh-ed25519');
  const length = (value: number) => Buffer.from([0, 0, 0, value]);
  return Buffer.concat([length(name.length), name, length(32), Buffer.alloc(32, fill)]).toString('base64');
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const ssh = (serverName: string, fill: number) => ({
  ...{ serverName, certType: 'ssh', certSubType: 'ssh-ed25519' },
  certData: base64(hostKey(fill)),
});
const configMap = async (name: string) =>
  (await kube.get<Data>(`/api/v1/namespaces/${namespace}/configmaps/${name}`)).data;
const list = async (query = '') => (await server.call('GET', `/api/v1/certificates${query}`)).json().items;
const add = (items: readonly object[], query = '') => server.call('POST', `/api/v1/certificates${query}`, { items });

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, authority, { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('certificates');
  await kube.create({
    ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-ssh-known-hosts-cm', namespace } },
    data: { ssh_known_hosts: `# company hosts\ngit.example.com ssh-ed25519 ${hostKey(1)}\n` },
  });
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const secret = await kube.get<Data>(`/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`);
  await server.logIn(Buffer.from(secret.data['password'] ?? '', 'base64').toString());
});

afterAll(async () => {
  await server?.stop();
  removeDirectory(tlsDir);
});

describe('host keys', () => {
  it('are added, shown by fingerprint, and removed, and no other line is touched', async () => {
    const added = await add([ssh('[git.other.com]:2222', 2)]);
    expect(added.json().items[0].certInfo).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    const text = (await configMap('argocd-ssh-known-hosts-cm'))['ssh_known_hosts'];
    expect(text).toBe(
      `# company hosts\ngit.example.com ssh-ed25519 ${hostKey(1)}\n[git.other.com]:2222 ssh-ed25519 ${hostKey(2)}\n`,
    );
    expect((await list('?certType=ssh')).map(({ serverName }: { serverName: string }) => serverName)).toEqual([
      ...['git.example.com', '[git.other.com]:2222'],
    ]);
    const removed = await server.call('DELETE', '/api/v1/certificates?hostNamePattern=*other*');
    expect(removed.json().items).toHaveLength(1);
    expect((await configMap('argocd-ssh-known-hosts-cm'))['ssh_known_hosts']).toBe(
      `# company hosts\ngit.example.com ssh-ed25519 ${hostKey(1)}\n`,
    );
  });

  it('another key for a known host needs upsert', async () => {
    expect((await add([ssh('git.example.com', 3)])).statusCode).toBe(409);
    expect((await add([ssh('git.example.com', 1)])).json().items).toEqual([]);
    expect((await add([ssh('git.example.com', 3)], '?upsert=true')).json().items).toHaveLength(1);
    expect((await list()).filter(({ certType }: { certType: string }) => certType === 'ssh')).toHaveLength(1);
  });
});

describe('TLS certificates', () => {
  it('are added, shown by subject, and removed', async () => {
    const pem = authority.cert;
    const item = { serverName: 'charts.example.com', certType: 'https', certData: base64(pem) };
    expect((await add([item])).json().items).toEqual([expect.objectContaining({ serverName: 'charts.example.com' })]);
    expect((await configMap('argocd-tls-certs-cm'))['charts.example.com']).toBe(pem);
    const [shown] = await list('?certType=https');
    expect(shown).toMatchObject({ certType: 'https', certSubType: expect.stringMatching(/^(rsa|ecdsa)$/) });
    expect(shown.certInfo).toContain('CN=');
    expect(shown.certData).toBeUndefined();
    await server.call('DELETE', '/api/v1/certificates?hostNamePattern=charts.example.com&certType=https');
    expect(await list('?certType=https')).toEqual([]);
  });
});

describe('bad input changes nothing', () => {
  it.each([
    ['an unknown type', { serverName: 'a.b', certType: 'pgp', certData: 'YQ==' }, /Unknown certificate type/],
    ['a host that is none', { ...ssh('a b', 1) }, /Invalid hostname/],
    ['a line break in the host', { ...ssh('a.b\nevil.com', 1) }, /Invalid hostname/],
    ['a key of another type', { ...ssh('a.b', 1), certSubType: 'ssh-rsa' }, /not valid/],
    [
      'text that is no certificate',
      { serverName: 'a.b', certType: 'https', certData: 'aGVsbG8=' },
      /no PEM certificate/,
    ],
  ])('%s', async (_, item, message) => {
    const answer = await add([item]);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().message).toMatch(message);
  });

  it('removing needs a host', async () => {
    expect((await server.call('DELETE', '/api/v1/certificates')).statusCode).toBe(400);
  });
});
