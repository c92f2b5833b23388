/** Settings of the controller change while it runs, for itself and for what it asks of the repo-server; on a real control plane. */
import { createKubeClient, createSettingsReport, loadClusterConnection, type SettingsReport } from '@tiphys/cluster';
import type { AppProject } from '@tiphys/model';
import { createMetrics, silentLogger } from '@tiphys/runtime';
import { renderInputs, repositoryConnection } from '@tiphys/settings';
import { eventually, type KubeClient, type KubeObject, sharedControlPlane } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSettingsSource, type SettingsSnapshot, type SettingsSource } from './settings-source.js';

const metrics = createMetrics({ processMetrics: false });
const signal = AbortSignal.timeout(300_000);
let kube: KubeClient;
let namespace: string;
let source: SettingsSource;
let report: SettingsReport;
let changes = 0;
let close: () => Promise<void>;

const set = (name: string, data: Record<string, string | null>) =>
  kube.patch(`/api/v1/namespaces/${namespace}/configmaps/${name}`, { data });

beforeAll(async () => {
  const plane = await sharedControlPlane();
  kube = plane.client();
  namespace = await plane.createNamespace('settings');
  for (const name of [
    'argocd-cm',
    'argocd-cmd-params-cm',
    'argocd-tls-certs-cm',
    'argocd-gpg-keys-cm',
    'argocd-ssh-known-hosts-cm',
  ]) {
    await kube.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: {} } as KubeObject);
  }
  const client = createKubeClient(await loadClusterConnection({ kubeconfig: plane.kubeconfigPath }));
  close = () => client.close();
  report = createSettingsReport({ client, namespace, component: 'application-controller', metrics, log: silentLogger });
  source = createSettingsSource({ client, namespace, log: silentLogger, report, onChange: () => void (changes += 1) });
  await source.start(signal);
});
afterAll(async () => {
  await source.stop();
  await close();
});

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
const KEY = '-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----';
const connection = (snapshot: SettingsSnapshot) => repositoryConnection({ url: 'https://git.example.com/a' }, snapshot);
const SIGNED: AppProject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name: 'signed' },
  spec: { signatureKeys: [{ keyID: 'ABCD' }] },
};

/** Where it is, what is written, and what one then sees, before and after. */
const TABLE: readonly (readonly [string, string, string, (snapshot: SettingsSnapshot) => unknown, unknown])[] = [
  ['argocd-cm', 'timeout.reconciliation', '7m', ({ controller }) => controller.pollIntervalMs, 420_000],
  ['argocd-cm', 'timeout.hard.reconciliation', '1h', ({ controller }) => controller.hardRefreshAfterMs, 3_600_000],
  [
    'argocd-cm',
    'application.instanceLabelKey',
    'x/y',
    ({ controller }) => controller.comparison.instanceLabelKey,
    'x/y',
  ],
  ['argocd-cm', 'resource.customizations.health.a_B', 'return {}', ({ healthScripts }) => healthScripts.length, 1],
  [
    'argocd-cm',
    'kustomize.buildOptions',
    '--enable-helm',
    ({ renderSettings }) => renderSettings.kustomize.enableHelm,
    true,
  ],
  ['argocd-cm', 'helm.valuesFileSchemes', 'https', ({ renderSettings }) => renderSettings.valuesFileSchemes, ['https']],
  [
    'argocd-cmd-params-cm',
    'controller.sync.wave.delay.seconds',
    '9',
    ({ controller }) => controller.waveDelayMs,
    9_000,
  ],
  [
    'argocd-cmd-params-cm',
    'reposerver.enable.git.submodule',
    'false',
    ({ renderSettings }) => renderSettings.disableSubmodules,
    true,
  ],
  ['argocd-tls-certs-cm', 'git.example.com', PEM, (snapshot) => connection(snapshot).tlsCaData, PEM],
  [
    'argocd-ssh-known-hosts-cm',
    'ssh_known_hosts',
    'a ssh-rsa AAAA',
    (snapshot) => connection(snapshot).sshKnownHosts,
    'a ssh-rsa AAAA',
  ],
  ['argocd-gpg-keys-cm', 'ABCD', KEY, (snapshot) => renderInputs(SIGNED, snapshot).sourceIntegrity?.gpgKeys, [KEY]],
];

describe('a change takes effect without a restart', () => {
  it.each(TABLE)('%s %s', async (...[name, key, value, read, seen]) => {
    const before = read(source.current());
    await set(name, { [key]: value });
    await eventually(() => expect(read(source.current())).toEqual(seen));
    await set(name, { [key]: null });
    await eventually(() => expect(read(source.current())).toEqual(before));
  });

  it.each([
    [
      'repository',
      { url: 'https://live.example.com/a' },
      ({ repositories }: SettingsSnapshot) => repositories.map(({ url }) => url),
    ],
    [
      'cluster',
      { server: 'https://live.example.com', name: 'live' },
      ({ clusters }: SettingsSnapshot) => clusters.map(({ server }) => server),
    ],
  ])('a Secret of the type %s', async (type, stringData, read) => {
    const metadata = { name: `a-${type}`, namespace, labels: { 'argocd.argoproj.io/secret-type': type } };
    await kube.create({ apiVersion: 'v1', kind: 'Secret', metadata, stringData } as KubeObject);
    await eventually(() => expect(read(source.current()).join()).toContain('live.example.com'));
    await kube.remove(`/api/v1/namespaces/${namespace}/secrets/a-${type}`);
    await eventually(() => expect(read(source.current()).join()).not.toContain('live.example.com'));
  });

  it('applications are looked at again when a comparison would see something else, and only then', async () => {
    const before = changes;
    await set('argocd-cm', { 'application.instanceLabelKey': 'team/name' });
    await eventually(() => expect(changes).toBe(before + 1));
    await set('argocd-cm', { 'application.instanceLabelKey': null });
    await eventually(() => expect(changes).toBe(before + 2));
    await set('argocd-cm', { 'help.chatText': 'x', 'timeout.reconciliation': '6m' });
    await eventually(() => expect(source.current().controller.pollIntervalMs).toBe(360_000));
    expect(changes).toBe(before + 2);
  });
});

it('a bad value keeps the last good one, without a new comparison; a metric and an Event say so', async () => {
  const before = changes + 1;
  await set('argocd-cm', { 'resource.exclusions': '- kinds: [Pod]' });
  await eventually(() => expect(changes).toBe(before));
  expect(source.current().isExcluded({ group: '', kind: 'Pod' }, '')).toBe(true);
  await set('argocd-cm', { 'resource.exclusions': '- kinds: [Pod' });
  const metric = 'tiphys_settings_invalid{object="argocd-cm",key="resource.exclusions"} 1';
  await eventually(async () => expect(await metrics.render()).toContain(metric));
  expect(source.current().isExcluded({ group: '', kind: 'Pod' }, '')).toBe(true);
  expect(changes).toBe(before);
  await report.flush();
  expect(await kube.list(`/api/v1/namespaces/${namespace}/events`)).toContainEqual(
    expect.objectContaining({
      type: 'Warning',
      reason: 'InvalidSetting',
      source: { component: 'application-controller' },
    }),
  );
  await set('argocd-cm', { 'resource.exclusions': null });
  await eventually(async () => expect(await metrics.render()).not.toContain('key="resource.exclusions"'));
  expect(source.current().isExcluded({ group: '', kind: 'Pod' }, '')).toBe(false);
});
