/** GPG keys on a real control plane (N08, G13). */
import {
  createCertificateAuthority,
  createGpgSigner,
  type KubeClient,
  type KubeObject,
  removeDirectory,
  type Signer,
  sharedControlPlane,
  sharedRedis,
  temporaryDirectory,
  writeTlsDir,
} from '@tiphys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApp, type TestApp } from './testing/test-app.js';

const KEYS = '/api/v1/gpgkeys';
const tlsDir = temporaryDirectory('tls');
let server: TestApp;
let kube: KubeClient;
let namespace: string;
let signers: readonly Signer[] = [];

beforeAll(async () => {
  const [plane, redis] = await Promise.all([sharedControlPlane(), sharedRedis()]);
  writeTlsDir(tlsDir, createCertificateAuthority(), { commonName: 'tiphys', sans: ['repo-server'] });
  kube = plane.client();
  namespace = await plane.createNamespace('gpgkeys');
  const data = { ssh_allowed_signers: 'kept' };
  await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-gpg-keys-cm', namespace }, data });
  server = await startTestApp({ kubeconfigPath: plane.kubeconfigPath, redis, namespace, tlsDir });
  const path = `/api/v1/namespaces/${namespace}/secrets/argocd-initial-admin-secret`;
  const initial = await kube.get<KubeObject & { readonly data: Readonly<Record<string, string>> }>(path);
  await server.logIn(Buffer.from(initial.data['password'] ?? '', 'base64').toString());
  signers = [createGpgSigner('one'), createGpgSigner('two')];
});

afterAll(async () => {
  for (const signer of signers) signer.stop();
  await server?.stop();
  removeDirectory(tlsDir);
});

it('keys are added once, shown, stored by their id, and removed', async () => {
  const [one, two] = signers as [Signer, Signer];
  const first = await server.call('POST', KEYS, { keyData: one.publicKey });
  expect(first.json()).toMatchObject({ created: { items: [{ keyID: one.keyId, subType: 'ed25519' }] }, skipped: [] });
  const both = await server.call('POST', KEYS, { keyData: `${one.publicKey}\n${two.publicKey}` });
  expect(both.json()).toMatchObject({ created: { items: [{ keyID: two.keyId }] }, skipped: [one.keyId] });
  const listed = (await server.call('GET', KEYS)).json<{ items: { keyID: string; keyData?: string }[] }>().items;
  expect(listed.map(({ keyID }) => keyID)).toEqual([one.keyId, two.keyId].sort());
  expect(listed.every(({ keyData }) => keyData === undefined)).toBe(true);
  const shown = (await server.call('GET', `${KEYS}/${one.keyId.toLowerCase()}`)).json();
  expect(shown).toMatchObject({ owner: 'one <one@tiphys.invalid>', keyData: expect.stringContaining('BEGIN PGP') });
  const path = `/api/v1/namespaces/${namespace}/configmaps/argocd-gpg-keys-cm`;
  const stored = await kube.get<KubeObject & { readonly data: Readonly<Record<string, string>> }>(path);
  expect(Object.keys(stored.data).sort()).toEqual([one.keyId, two.keyId, 'ssh_allowed_signers'].sort());
  expect((await server.call('DELETE', `${KEYS}?keyID=${one.keyId}`)).json()).toEqual({});
  expect((await server.call('GET', `${KEYS}/${one.keyId}`)).statusCode).toBe(404);
  expect((await server.call('DELETE', `${KEYS}?keyID=${one.keyId}`)).statusCode).toBe(404);
});

it('what is no key and no id is refused', async () => {
  expect((await server.call('POST', KEYS, { keyData: 'x' })).statusCode).toBe(400);
  expect((await server.call('DELETE', `${KEYS}?keyID=ssh_allowed_signers`)).statusCode).toBe(400);
  expect((await server.call('DELETE', KEYS)).statusCode).toBe(400);
});
