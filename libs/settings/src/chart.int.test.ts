/** The chart: lint, render, every object accepted by a real API server, and its settings understood by the parsers. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KubernetesObject } from '@tiphys/model';
import { parseManifests } from '@tiphys/model/yaml';
import {
  type KubeClient,
  type KubeObject,
  type SharedControlPlane,
  sharedControlPlane,
  toolPath,
} from '@tiphys/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  compileExclusions,
  configMapData,
  decodeSecretData,
  parseAccountSettings,
  parseComparisonSettings,
  parseKnownHosts,
  parseReconciliationSettings,
} from './index.js';

const CHART = fileURLToPath(new URL('../../../charts/tiphys', import.meta.url));
const run = promisify(execFile);

async function helm(...args: readonly string[]): Promise<string> {
  const { stdout } = await run(toolPath('helm'), [...args], { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

async function render(namespace: string, ...values: readonly string[]): Promise<readonly KubernetesObject[]> {
  const sets = values.flatMap((value) => ['--set', value]);
  const text = await helm('template', 'tiphys', CHART, '-n', namespace, '--kube-version', 'v1.36.1', ...sets);
  return parseManifests(text, { origin: 'helm template' }).map(({ object }) => object);
}

const NON_DEFAULT = [
  'fullnameOverride=cd',
  'repoServer.extraContainers[0].name=plugin',
  'repoServer.extraContainers[0].image=ubuntu:24.04',
  'apiServer.replicas=2',
  'apiServer.clusterAccess=false',
  'apiServer.ingress.enabled=true',
  'apiServer.ingress.host=cd.example.com',
  'apiServer.ingress.tlsSecret=cd-tls',
  'apiServer.podDisruptionBudget.enabled=true',
  'apiServer.extraEnv[0].name=A',
  'apiServer.extraEnv[0].value=b',
  'applicationController.clusterAdmin=false',
  'redis.enabled=false',
  'redis.externalAddress=redis.example.com:6380',
  'redis.existingSecret=my-redis',
  'networkPolicy.metricsFrom[0].namespaceSelector.matchLabels.name=monitoring',
  'networkPolicy.apiFrom[0].ipBlock.cidr=10.0.0.0/8',
  'podAnnotations.team=web',
  'configs.sshExtraHosts=git.example.com ssh-ed25519 AAAA',
  'log.level=debug',
  'metrics.dashboards.enabled=true',
];

let client: KubeClient;
let cluster: SharedControlPlane;

beforeAll(async () => {
  cluster = await sharedControlPlane();
  client = cluster.client();
});

describe('the chart', () => {
  it('passes helm lint in strict mode', async () => {
    expect(await helm('lint', '--strict', CHART)).toContain('0 chart(s) failed');
  });

  it.each([
    ['default values', []],
    ['non-default values', NON_DEFAULT],
    ['network policies and settings switched off', ['networkPolicy.enabled=false', 'configs.create=false']],
  ] as const)('renders with %s into objects that the API server accepts', async (_name, values) => {
    const namespace = await cluster.createNamespace('chart');
    const objects = await render(namespace, ...values);
    expect(objects.length).toBeGreaterThan(15);
    for (const object of objects) {
      const path = await client.pathOf(object as KubeObject);
      const query = { dryRun: 'All', fieldManager: 'chart-test', fieldValidation: 'Strict', force: 'true' };
      const contentType = 'application/apply-patch+yaml';
      await expect(client.request('PATCH', path, { query, body: object, contentType })).resolves.toMatchObject({
        kind: object.kind,
      });
    }
  });

  it.each([
    ['an unknown key', 'apiServre.replicas=2', 'apiServre'],
    ['a wrong log level', 'log.level=loud', 'level'],
    ['a negative number of replicas', 'repoServer.replicas=-1', 'replicas'],
    ['a password that is not a hash', 'configs.adminPasswordHash=hunter2', 'adminPasswordHash'],
    ['an external Redis without a password (S6)', 'redis.enabled=false', 'redis.'],
    ['some certificates only', 'certificates.existingSecrets.apiServer=a', 'all three or none'],
  ])('refuses %s', async (_name, value, message) => {
    await expect(render('argocd', value)).rejects.toThrow(message);
  });
});

describe('the default installation', () => {
  let objects: readonly KubernetesObject[];
  beforeAll(async () => {
    objects = await render('argocd');
  });
  const named = (kind: string, name: string) => {
    const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
    if (found === undefined) throw new Error(`the chart renders no ${kind} ${name}`);
    return found;
  };
  type Pod = { spec: { template: { spec: PodSpec } } };
  interface PodSpec {
    automountServiceAccountToken: boolean;
    securityContext: Record<string, unknown>;
    containers: readonly { securityContext: Record<string, unknown> }[];
  }
  const pods = () => objects.filter(({ kind }) => kind === 'Deployment').map((object) => object as unknown as Pod);

  it('hardens every pod (S27)', () => {
    expect(pods().length).toBe(4);
    for (const { spec } of pods()) {
      const { securityContext, containers } = spec.template.spec;
      expect(securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      for (const container of containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          privileged: false,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  it('gives repo-server and Redis no Kubernetes access (S3)', () => {
    for (const name of ['tiphys-repo-server', 'tiphys-redis']) {
      const pod = named('Deployment', name) as unknown as Pod;
      expect(pod.spec.template.spec.automountServiceAccountToken).toBe(false);
    }
    const bound = objects
      .filter(({ kind }) => kind.endsWith('RoleBinding'))
      .flatMap((object) => object['subjects'] as { name: string }[])
      .map(({ name }) => name);
    expect([...new Set(bound)].sort()).toEqual(['tiphys-api-server', 'tiphys-application-controller']);
  });

  it('denies all traffic by default (S4)', () => {
    expect(named('NetworkPolicy', 'tiphys-default-deny')['spec']).toEqual({
      podSelector: { matchLabels: { 'app.kubernetes.io/instance': 'tiphys', 'app.kubernetes.io/part-of': 'tiphys' } },
      policyTypes: ['Ingress', 'Egress'],
    });
  });

  it('makes one certificate per service, all from one CA, valid for the address that clients use (S1)', () => {
    const certificates = ['api-server', 'application-controller', 'repo-server'].map((service) =>
      decodeSecretData(named('Secret', `tiphys-${service}-tls`)),
    );
    expect(new Set(certificates.map((data) => data['ca.crt'])).size).toBe(1);
    expect(new Set(certificates.map((data) => data['tls.key'])).size).toBe(3);
    const ca = new X509Certificate(certificates[0]?.['ca.crt'] ?? '');
    const leaves = certificates.map((data) => new X509Certificate(data['tls.crt'] ?? ''));
    expect(leaves.map((leaf) => leaf.verify(ca.publicKey))).toEqual([true, true, true]);
    const hosts = ['tiphys-repo-server.argocd.svc', 'repo-server', 'localhost', 'tiphys-repo-server.other.svc'];
    expect(hosts.map((host) => leaves[2]?.checkHost(host))).toEqual([...hosts.slice(0, 3), undefined]);
    expect(leaves[2]?.checkIP('127.0.0.1')).toBe('127.0.0.1');
  });

  it('has secrets of useful length', () => {
    expect(decodeSecretData(named('Secret', 'tiphys-redis'))['password']).toMatch(/^\w{32}$/);
    expect(decodeSecretData(named('Secret', 'tiphys-cache-key'))['key']).toMatch(/^\w{64}$/);
  });

  it('has settings that the parsers understand without a problem', () => {
    const cm = configMapData(named('ConfigMap', 'argocd-cm'));
    const comparison = parseComparisonSettings(cm);
    const accounts = parseAccountSettings(cm, decodeSecretData(named('Secret', 'argocd-secret')));
    const hosts = parseKnownHosts(configMapData(named('ConfigMap', 'argocd-ssh-known-hosts-cm')));
    const reconciliation = parseReconciliationSettings(cm, configMapData(named('ConfigMap', 'argocd-cmd-params-cm')));
    expect([comparison, accounts, hosts, reconciliation].flatMap(({ problems }) => problems)).toEqual([]);
    const excluded = compileExclusions(comparison.settings.resourceFilter);
    expect(excluded({ group: 'coordination.k8s.io', kind: 'Lease' }, 'https://a')).toBe(true);
    expect(excluded({ group: 'apps', kind: 'Deployment' }, 'https://a')).toBe(false);
    expect(new Set(hosts.settings.map((host) => host.hosts))).toContain('github.com');
    expect(accounts.settings.accounts.get('admin')).toMatchObject({
      enabled: true,
      passwordHash: expect.stringMatching(/^\$2a\$/),
    });
    expect(accounts.settings.signingKey).toHaveLength(44);
  });
});

describe('with a plugin sidecar (B29)', () => {
  const SIDECAR = [
    'repoServer.extraContainers[0].name=my-plugin',
    'repoServer.extraContainers[0].image=ubuntu:24.04',
    'repoServer.plugins.expected[0]=my-plugin-v1.0',
    'repoServer.volumes[0].name=cmp-tmp',
    'repoServer.volumes[0].emptyDir.medium=',
  ];
  interface PluginPod {
    securityContext: { runAsUser: number };
    initContainers?: { name: string }[];
    containers: { name: string; env?: { name: string; value?: string }[]; volumeMounts?: { name: string }[] }[];
    volumes: { name: string }[];
  }
  const podOf = async (...values: readonly string[]): Promise<PluginPod> => {
    const objects = await render('argocd', ...values);
    const found = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'tiphys-repo-server');
    return (found as unknown as { spec: { template: { spec: PluginPod } } }).spec.template.spec;
  };
  const namesOf = (items: readonly { name: string }[] = []) => items.map(({ name }) => name);

  it('repo-server and sidecar share the sockets, run as the user of Argo CD, and the server is copied', async () => {
    const pod = await podOf(...SIDECAR);
    expect(pod.securityContext.runAsUser).toBe(999);
    expect(namesOf(pod.containers)).toEqual(['repo-server', 'my-plugin']);
    expect(namesOf(pod.volumes)).toEqual(expect.arrayContaining(['plugins', 'var-files', 'cmp-tmp']));
    expect(namesOf(pod.containers[0]?.volumeMounts)).toContain('plugins');
    expect(pod.containers[0]?.env).toContainEqual({ name: 'TIPHYS_EXPECTED_PLUGINS', value: 'my-plugin-v1.0' });
    expect(namesOf(pod.initContainers)).toEqual(['copy-plugin-server']);
    expect((await podOf(...SIDECAR, 'repoServer.plugins.copyServer=false')).initContainers).toBeUndefined();
  });

  it('there is nothing of this without one', async () => {
    const pod = await podOf();
    expect(pod.initContainers).toBeUndefined();
    expect(namesOf(pod.volumes)).not.toContain('plugins');
  });
});

describe('an upgrade', () => {
  it('keeps passwords, keys, certificates and the admin’s password', async () => {
    const namespace = await cluster.createNamespace('upgrade');
    // What an installation leaves: the objects of the first rendering. The second one reads them back.
    const secrets = (await render(namespace)).filter(({ kind }) => kind === 'Secret');
    for (const secret of secrets) await client.create(secret as KubeObject);
    const kubeconfig = cluster.kubeconfigPath;
    const text = await helm(
      'upgrade',
      'tiphys',
      CHART,
      '--install',
      '-n',
      namespace,
      '--dry-run=server',
      '--kubeconfig',
      kubeconfig,
      '--take-ownership',
      '-o',
      'json',
    );
    const { manifest } = JSON.parse(text) as { manifest: string };
    const again = parseManifests(manifest, { origin: 'helm upgrade' }).map(({ object }) => object);
    const dataOf = (objects: readonly KubernetesObject[]) =>
      Object.fromEntries(
        objects
          .filter(({ kind }) => kind === 'Secret')
          .map((object) => [object.metadata.name, decodeSecretData(object)]),
      );
    expect(Object.keys(dataOf(again))).toHaveLength(7);
    expect(dataOf(again)).toEqual(dataOf(secrets));
  });
});
