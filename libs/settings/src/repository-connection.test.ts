import { describe, expect, it } from 'vitest';
import { parseRepositories } from './repositories.js';
import { repositoryConnection } from './repository-connection.js';

const secret = (data: Record<string, string>, type = 'repository') => ({
  name: `secret-${data['url'] ?? ''}`,
  namespace: 'argocd',
  labels: { 'argocd.argoproj.io/secret-type': type },
  annotations: {},
  data,
});
const configMap = (name: string): Record<string, string> =>
  name === 'argocd-ssh-known-hosts-cm' ? { ssh_known_hosts: 'host key' } : { 'git.example.com': 'PEM' };

describe('repositoryConnection', () => {
  it('carries credentials, host keys and the CA of the host', () => {
    const { settings: repositories } = parseRepositories([
      secret({ url: 'https://git.example.com/a', username: 'u', password: 'p' }),
    ]);
    expect(
      repositoryConnection({ url: 'https://git.example.com/a.git', project: 'default' }, { repositories, configMap }),
    ).toEqual({
      url: 'https://git.example.com/a.git',
      project: 'default',
      type: 'git',
      name: '',
      username: 'u',
      password: 'p',
      bearerToken: '',
      sshPrivateKey: '',
      tlsClientCertData: '',
      tlsClientCertKey: '',
      insecure: false,
      insecureOciForceHttp: false,
      forceHttpBasicAuth: false,
      proxy: '',
      noProxy: '',
      sshKnownHosts: 'host key',
      tlsCaData: 'PEM',
      gcpServiceAccountKey: '',
      enableLfs: false,
      depth: 0,
    });
  });

  it('carries the identity of a GitHub App and of Azure, LFS and depth (G06, G07, B37)', () => {
    const { settings: repositories } = parseRepositories([
      secret({ url: 'https://git.example.com/a', enableLfs: 'true', depth: '3' }),
      secret({ url: 'https://git.example.com', githubAppID: '1', githubAppPrivateKey: 'key' }, 'repo-creds'),
      secret({ url: 'https://dev.azure.com/org/p', useAzureWorkloadIdentity: 'true' }),
    ]);
    const connection = (url: string) => repositoryConnection({ url }, { repositories, configMap });
    expect(connection('https://git.example.com/a')).toMatchObject({
      githubApp: { id: 1n, installationId: 0n, privateKey: 'key', enterpriseBaseUrl: '' },
      ...{ enableLfs: true, depth: 3 },
    });
    expect(connection('https://dev.azure.com/org/p').azure).toEqual({
      ...{ useWorkloadIdentity: true, clientId: '', tenantId: '' },
      ...{ clientSecret: '', activeDirectoryEndpoint: '' },
    });
  });

  it('refuses an identity that Helm repositories cannot have instead of connecting without it', () => {
    const { settings: repositories } = parseRepositories([
      secret({ url: 'https://git.example.com/a', type: 'helm', githubAppID: '1', githubAppPrivateKey: 'key' }),
    ]);
    expect(() => repositoryConnection({ url: 'https://git.example.com/a' }, { repositories, configMap })).toThrow(
      /githubApp/,
    );
  });
});
