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
    });
  });

  it('refuses credentials that no reader understands instead of connecting without them', () => {
    const { settings: repositories } = parseRepositories([
      secret({ url: 'https://git.example.com/a', githubAppID: '1', githubAppPrivateKey: 'key' }),
    ]);
    expect(() => repositoryConnection({ url: 'https://git.example.com/a' }, { repositories, configMap })).toThrow(
      /githubApp/,
    );
  });
});
