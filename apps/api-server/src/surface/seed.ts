/** What is in the cluster before the first request: settings, accounts, credentials; every secret of it is a canary. */
import { hashSync } from '@node-rs/bcrypt';
import { createCertificateAuthority, type KubeClient, type KubeObject, type SharedControlPlane } from '@tiphys/testing';
import type { Canaries } from './canaries.js';
import type { Sources } from './sources.js';

export interface SeedContext {
  readonly plane: SharedControlPlane;
  readonly kube: KubeClient;
  readonly namespace: string;
  readonly canaries: Canaries;
  readonly sources: Sources;
}

type Texts = Readonly<Record<string, string>>;

export const ACCOUNTS = ['nobody', 'owner'] as const;

/** Data of argocd-cm. The client secret of OIDC stands there as it should not, in plain. */
export function settingsData(canaries: Canaries): Texts {
  return {
    ...Object.fromEntries(ACCOUNTS.map((name) => [`accounts.${name}`, 'apiKey, login'])),
    url: 'https://tiphys.example.com',
    'statusbadge.enabled': 'true',
    'timeout.reconciliation': '1h',
    'application.links': '- { title: Logs, url: "https://logs.example/{{.application.metadata.name}}" }',
    'project.links': '- { title: Audit, url: "https://audit.example/{{.project.metadata.name}}" }',
    'resource.links':
      '- { title: Shell, url: "https://shell.example/{{.resource.metadata.name}}?k={{.resource.data.password}}" }',
    'resource.sensitive.mask.annotations': 'example.com/token',
    'oidc.config': `name: SSO\nissuer: https://127.0.0.1:1\nclientID: tiphys\nclientSecret: ${canaries.plant('OIDC client secret in argocd-cm')}\n`,
    'dex.config': `connectors:\n- {type: github, id: github, name: GitHub, config: {clientID: a, clientSecret: ${canaries.plant('Dex client secret in argocd-cm')}}}\n`,
    'help.chatUrl': 'https://chat.example.com',
  };
}

export const NOTIFICATIONS: Texts = {
  'service.slack': 'token: $slack-token',
  'template.app-synced': 'message: synced',
  'trigger.on-synced': '- {when: "true", send: [app-synced]}',
};

/** Data of argocd-secret; the password of admin is answered. */
export function serverSecret(canaries: Canaries): { readonly data: Texts; readonly adminPassword: string } {
  const adminPassword = canaries.plant('password of admin');
  const ofWebhooks = ['github', 'gitlab', 'bitbucketserver', 'gogs'].map(
    (host) => [`webhook.${host}.secret`, canaries.plant(`webhook secret of ${host}`)] as const,
  );
  const data = {
    'server.secretkey': canaries.plant('server.secretkey'),
    'admin.password': canaries.watch('password hash of admin', hashSync(adminPassword, { cost: 4 })),
    'admin.passwordMtime': '2026-01-01T00:00:00Z',
    'accounts.owner.password': canaries.watch('password hash of owner', hashSync('owner-password', { cost: 4 })),
    'accounts.owner.passwordMtime': '2026-01-01T00:00:00Z',
    'webhook.azuredevops.username': 'azure',
    'webhook.azuredevops.password': canaries.plant('webhook password of Azure DevOps'),
    'webhook.bitbucket.uuid': canaries.plant('webhook UUID of Bitbucket'),
    'oidc.clientSecret': canaries.plant('OIDC client secret'),
    ...Object.fromEntries(ofWebhooks),
  };
  return { data, adminPassword };
}

/** A real key. */
export function privateKey(canaries: Canaries, name: string): { readonly cert: string; readonly key: string } {
  const { cert, key } = createCertificateAuthority().issue({ commonName: name, sans: ['localhost'] });
  return { cert, key: canaries.watchKey(name, key) };
}

/** Secrets of repositories, credential templates and clusters, with every kind of credential there is. */
export function credentialSecrets({ plane, canaries, sources }: SeedContext): readonly Texts[] {
  const { username } = sources;
  const tls = privateKey(canaries, 'TLS client key of a repository');
  const config = {
    username: 'cluster-admin',
    password: canaries.plant('password of a cluster'),
    bearerToken: plane.adminToken,
    tlsClientConfig: { caData: plane.caData },
    execProviderConfig: undefined,
  };
  canaries.watch('bearer token of a cluster', plane.adminToken);
  const exec = {
    execProviderConfig: {
      ...{ command: 'aws', args: ['--token', canaries.plant('exec argument of a cluster')] },
      ...{
        env: { AWS_SECRET: canaries.plant('exec variable of a cluster') },
        apiVersion: 'client.authentication.k8s.io/v1',
      },
    },
    tlsClientConfig: {
      certData: Buffer.from(tls.cert).toString('base64'),
      keyData: Buffer.from(privateKey(canaries, 'key of a cluster').key).toString('base64'),
    },
  };
  const { password: _password, username: _username, ...withToken } = config;
  return [
    { type: 'repository', url: sources.shop, username, password: sources.gitPassword },
    {
      type: 'repository',
      url: sources.charts,
      username,
      password: sources.chartsPassword,
      repoType: 'helm',
      name: 'charts',
    },
    {
      type: 'repository',
      url: sources.layers,
      username,
      password: sources.registryPassword,
      repoType: 'oci',
      insecureOCIForceHttp: 'true',
    },
    {
      ...{ type: 'repository', url: 'git@git.invalid:org/ssh.git', project: 'team' },
      sshPrivateKey: privateKey(canaries, 'SSH key of a repository').key,
      proxy: `http://proxy:${canaries.plant('password of a proxy')}@127.0.0.1:1`,
    },
    {
      ...{
        type: 'repository',
        url: 'https://127.0.0.1:1/tls.git',
        tlsClientCertData: tls.cert,
        tlsClientCertKey: tls.key,
      },
      bearerToken: canaries.plant('bearer token of a repository'),
    },
    {
      ...{ type: 'repository', url: 'https://127.0.0.1:1/app.git', githubAppID: '1', githubAppInstallationID: '2' },
      githubAppPrivateKey: privateKey(canaries, 'GitHub App key').key,
    },
    {
      ...{ type: 'repo-creds', url: 'https://creds.invalid/org', username: 'robot' },
      password: canaries.plant('password of a template'),
      gcpServiceAccountKey: canaries.plant('GCP key of a template'),
    },
    {
      ...{ type: 'repo-creds', url: 'https://azure.invalid/org', azureServicePrincipalClientId: 'id' },
      azureServicePrincipalTenantId: 'tenant',
      azureServicePrincipalClientSecret: canaries.plant('Azure secret of a template'),
    },
    {
      type: 'repo-write-creds',
      url: 'https://creds.invalid/write',
      username: 'robot',
      password: canaries.plant('password of a write template'),
    },
    { type: 'repository-write', url: sources.shop, username, password: sources.gitPassword },
    { type: 'cluster', name: 'real', server: plane.server, config: JSON.stringify(withToken) },
    {
      type: 'cluster',
      name: 'gone',
      server: 'https://127.0.0.1:1',
      config: JSON.stringify({ ...config, bearerToken: canaries.plant('token of an unreachable cluster') }),
    },
    { type: 'cluster', name: 'exec', server: 'https://127.0.0.1:2', config: JSON.stringify(exec), project: 'team' },
  ];
}

/** Writes one such Secret. */
export async function createCredential(
  { kube, namespace }: Pick<SeedContext, 'kube' | 'namespace'>,
  { type = '', repoType, ...stringData }: Texts,
  name: string,
): Promise<void> {
  await kube.create({
    ...{ apiVersion: 'v1', kind: 'Secret' },
    metadata: { name, namespace, labels: { 'argocd.argoproj.io/secret-type': type } },
    stringData: { ...stringData, ...(repoType === undefined ? {} : { type: repoType }) },
  } as KubeObject);
}
