import { describe, expect, it } from 'vitest';
import { findCluster, isInClusterEnabled, parseClusters, refusedKubeconfigFields, type SecretRecord } from './index.js';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = (data: Record<string, string>, annotations: Record<string, string> = {}): SecretRecord => ({
  name: 'prod',
  namespace: 'argocd',
  labels: { 'argocd.argoproj.io/secret-type': 'cluster', env: 'prod' },
  annotations,
  data: { server: 'https://prod.example.com/', name: 'prod', ...data },
});
const withConfig = (config: unknown) => secret({ config: JSON.stringify(config) });
const only = (record: SecretRecord) => {
  const { settings, problems } = parseClusters([record], { inClusterEnabled: false });
  return { cluster: settings[0]!, problems };
};

describe('cluster Secrets', () => {
  it('every field is read (H01, H02, H04, H07)', () => {
    const config = {
      bearerToken: 'token',
      tlsClientConfig: {
        insecure: false,
        serverName: 'sni',
        caData: base64('CA'),
        certData: base64('CERT'),
        keyData: base64('KEY'),
      },
      proxyUrl: 'http://proxy',
      disableCompression: true,
    };
    const data = {
      namespaces: 'a, b',
      clusterResources: 'true',
      project: 'web',
      shard: '2',
      config: JSON.stringify(config),
    };
    const { cluster, problems } = only(secret(data, { 'argocd.argoproj.io/skip-reconcile': 'true' }));
    expect(problems).toEqual([]);
    expect(cluster).toEqual({
      secretName: 'prod',
      server: 'https://prod.example.com',
      name: 'prod',
      project: 'web',
      namespaces: ['a', 'b'],
      clusterResources: true,
      shard: 2,
      labels: { 'argocd.argoproj.io/secret-type': 'cluster', env: 'prod' },
      annotations: { 'argocd.argoproj.io/skip-reconcile': 'true' },
      skipReconcile: true,
      auth: { kind: 'bearerToken', token: 'token' },
      tls: { insecure: false, serverName: 'sni', caData: 'CA', certData: 'CERT', keyData: 'KEY' },
      proxyUrl: 'http://proxy',
      disableCompression: true,
    });
  });

  it.each([
    ['a password', { username: 'u', password: 'p' }, { kind: 'basic', username: 'u', password: 'p' }],
    [
      'a certificate',
      { tlsClientConfig: { certData: base64('C'), keyData: base64('K') } },
      { kind: 'clientCertificate' },
    ],
    ['nothing', {}, { kind: 'none' }],
    [
      'an AWS identity (H03)',
      { awsAuthConfig: { clusterName: 'eks', roleARN: 'arn', profile: 'p' } },
      { kind: 'aws', aws: { clusterName: 'eks', roleArn: 'arn', profile: 'p' } },
    ],
    [
      'a known credential helper (H03)',
      {
        execProviderConfig: {
          command: 'argocd-k8s-auth',
          args: ['gcp'],
          env: { A: 'b' },
          apiVersion: 'client.authentication.k8s.io/v1beta1',
        },
      },
      {
        kind: 'exec',
        exec: {
          command: 'argocd-k8s-auth',
          args: ['gcp'],
          env: { A: 'b' },
          apiVersion: 'client.authentication.k8s.io/v1beta1',
        },
      },
    ],
  ])('authentication with %s', (_name, config, auth) => {
    expect(only(withConfig(config)).cluster.auth).toEqual(auth);
  });

  it.each(['sh', '/tmp/argocd-k8s-auth', '../aws', ''])('the command "%s" is refused (S10)', (command) => {
    const { cluster, problems } = only(withConfig({ execProviderConfig: { command, args: ['-c', 'id'] } }));
    expect(cluster.auth).toEqual({ kind: 'refused', reason: expect.stringContaining(`"${command}"`) });
    expect(problems.map(({ key }) => key)).toEqual(['prod/config']);
  });

  it('a config that is not JSON is a problem whose message quotes nothing of it', () => {
    const { problems } = only(secret({ config: '{"bearerToken": "s3cret' }));
    expect(problems).toEqual([{ key: 'prod/config', message: 'is not a JSON object' }]);
  });

  it('the control-plane cluster is there without a Secret, unless disabled (H05)', () => {
    expect(parseClusters([]).settings.map(({ name, auth }) => [name, auth.kind])).toEqual([
      ['in-cluster', 'inCluster'],
    ]);
    expect(parseClusters([], { inClusterEnabled: false }).settings).toEqual([]);
    expect(isInClusterEnabled({ 'cluster.inClusterEnabled': 'false' })).toBe(false);
  });

  it('a Secret for the in-cluster server names it and keeps its identity', () => {
    const record = secret({ server: 'https://kubernetes.default.svc', name: 'home' });
    expect(parseClusters([record]).settings.map(({ name, auth }) => [name, auth.kind])).toEqual([
      ['home', 'inCluster'],
    ]);
  });

  it('a destination is found by server or by name, and not by an empty one', () => {
    const { settings } = parseClusters([secret({})]);
    expect(findCluster(settings, { server: 'https://prod.example.com' })?.name).toBe('prod');
    expect(findCluster(settings, { name: 'in-cluster' })?.server).toBe('https://kubernetes.default.svc');
    expect(findCluster(settings, { name: 'nope' })).toBeUndefined();
    expect(findCluster(settings, {})).toBeUndefined();
  });
});

it('kubeconfigs with commands, auth providers or file paths are refused (S10)', () => {
  const kubeconfig = {
    clusters: [{ name: 'a', cluster: { server: 'https://a', 'certificate-authority': '/etc/passwd' } }],
    users: [
      { name: 'u', user: { exec: { command: 'sh' } } },
      { user: { 'auth-provider': {}, token: 't', tokenFile: '/x' } },
    ],
  };
  expect(refusedKubeconfigFields(kubeconfig)).toEqual([
    'clusters[0].cluster.certificate-authority',
    'users[0].user.exec',
    'users[1].user.auth-provider',
    'users[1].user.tokenFile',
  ]);
  expect(refusedKubeconfigFields({ users: [{ user: { token: 't', 'client-key-data': 'x' } }] })).toEqual([]);
});
