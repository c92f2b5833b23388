import { isSameGitUrl } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { isUrlPrefix } from './git-url.js';
import { credentialsFor, parseRepositories, type SecretRecord } from './index.js';

const secret = (type: string, name: string, data: Record<string, string>): SecretRecord => ({
  name,
  namespace: 'argocd',
  labels: { 'argocd.argoproj.io/secret-type': type },
  annotations: {},
  data,
});
const url = 'https://git.example.com/org/repo';
const access = (secrets: readonly SecretRecord[], request: { url: string; project?: string; write?: boolean }) =>
  credentialsFor(request, parseRepositories(secrets).settings);

describe('repository URLs', () => {
  it.each([
    ['https://git.example.com/org/repo.git', 'https://GIT.example.com/org/repo'],
    ['git@git.example.com:org/repo.git', 'ssh://git@git.example.com/org/repo'],
    ['https://git.example.com/org/repo/', 'https://git.example.com/org/repo'],
    [' https://git.example.com/org/repo ', 'https://git.example.com/org/repo'],
  ])('%s is the same repository as %s', (left, right) => expect(isSameGitUrl(left, right)).toBe(true));

  it.each([
    ['https://git.example.com/org/repo', 'http://git.example.com/org/repo'],
    ['git@git.example.com:org/repo', 'https://git.example.com/org/repo'],
    ['', ''],
  ])('%s is not the same repository as %s', (left, right) => expect(isSameGitUrl(left, right)).toBe(false));

  it.each([
    ['https://git.example.com', 'https://git.example.com/org/repo', true],
    ['https://git.example.com/org', 'https://git.example.com/org/repo.git', true],
    ['https://git.example.com/team-', 'https://git.example.com/team-a/repo', true],
    ['git@git.example.com:org', 'git@git.example.com:org/repo.git', true],
    ['https://git.example.com', 'https://git.example.com.attacker.net/org/repo', false],
    ['https://git.example.com/other', 'https://git.example.com/org/repo', false],
    ['', 'https://git.example.com/org/repo', false],
  ])('a template for "%s" covers %s: %s (G09, S26)', (prefix, repository, expected) => {
    expect(isUrlPrefix(prefix, repository)).toBe(expected);
  });
});

describe('repository Secrets', () => {
  it('every kind of credential is read (G03-G08)', () => {
    const { settings, problems } = parseRepositories([
      secret('repository', 'all', {
        url,
        type: 'git',
        name: 'main',
        project: 'web',
        username: 'u',
        password: ' with space ',
        bearerToken: 't',
        sshPrivateKey: 'KEY\n',
        tlsClientCertData: 'C',
        tlsClientCertKey: 'K',
        githubAppID: '1',
        githubAppInstallationID: '2',
        githubAppPrivateKey: 'P',
        githubAppEnterpriseBaseUrl: 'https://ghe/api/v3',
        gcpServiceAccountKey: '{}',
        useAzureWorkloadIdentity: 'true',
        azureServicePrincipalClientId: 'a',
        azureServicePrincipalTenantId: 'b',
        azureServicePrincipalClientSecret: 'c',
        azureActiveDirectoryEndpoint: 'https://login',
        insecure: 'true',
        enableOCI: 'true',
        insecureOCIForceHttp: 'true',
        forceHttpBasicAuth: 'true',
        enableLfs: 'true',
        depth: '5',
        proxy: 'http://proxy',
        noProxy: '.local',
      }),
    ]);
    expect(problems).toEqual([]);
    expect(settings).toEqual([
      {
        secretName: 'all',
        secretType: 'repository',
        url,
        type: 'git',
        name: 'main',
        project: 'web',
        proxy: 'http://proxy',
        noProxy: '.local',
        credentials: {
          username: 'u',
          password: ' with space ',
          bearerToken: 't',
          sshPrivateKey: 'KEY\n',
          tlsClientCertData: 'C',
          tlsClientCertKey: 'K',
          githubApp: { id: 1, installationId: 2, privateKey: 'P', enterpriseBaseUrl: 'https://ghe/api/v3' },
          gcpServiceAccountKey: '{}',
          azure: {
            useWorkloadIdentity: true,
            clientId: 'a',
            tenantId: 'b',
            clientSecret: 'c',
            activeDirectoryEndpoint: 'https://login',
          },
        },
        insecure: true,
        enableOci: true,
        insecureOciForceHttp: true,
        forceHttpBasicAuth: true,
        enableLfs: true,
        depth: 5,
      },
    ]);
  });

  it('a bad value is a problem that names the Secret; a Secret without url is ignored; other Secrets are skipped', () => {
    const { settings, problems } = parseRepositories([
      secret('repository', 'b', { url, insecure: 'perhaps', type: 'svn' }),
      secret('repository', 'a', {}),
      secret('cluster', 'c', { url }),
    ]);
    expect(settings.map(({ secretName, insecure, type }) => ({ secretName, insecure, type }))).toEqual([
      { secretName: 'b', insecure: false, type: 'git' },
    ]);
    expect(problems.map(({ key }) => key).sort()).toEqual(['a/url', 'b/insecure', 'b/type']);
  });
});

describe('credentials for a URL', () => {
  const template = (name: string, prefix: string) =>
    secret('repo-creds', name, { url: prefix, username: name, password: 'p' });
  const wide = template('wide', 'https://git.example.com');
  const narrow = template('narrow', 'https://git.example.com/org');

  it('a repository with credentials uses its own', () => {
    const own = secret('repository', 'own', { url: `${url}.git`, username: 'own' });
    expect(access([wide, own], { url })).toMatchObject({ credentials: { username: 'own' }, template: undefined });
  });

  it('a repository without credentials takes the template with the longest prefix (G09)', () => {
    const bare = secret('repository', 'bare', { url, insecure: 'true', proxy: 'http://own' });
    expect(access([wide, narrow, bare], { url })).toMatchObject({
      repository: { secretName: 'bare' },
      credentials: { username: 'narrow' },
      options: { insecure: true, proxy: 'http://own' },
    });
  });

  it('an unknown repository takes a template too', () => {
    expect(access([wide], { url }).credentials).toEqual({ username: 'wide', password: 'p' });
  });

  it('the Secret of the application’s project wins over the one without a project (G10)', () => {
    const shared = secret('repository', 'a-shared', { url, username: 'shared' });
    const scoped = secret('repository', 'b-scoped', { url, username: 'scoped', project: 'web' });
    const user = (project: string) => access([shared, scoped], { url, project }).credentials.username;
    expect([user('web'), user('other')]).toEqual(['scoped', 'shared']);
    expect(access([shared, scoped], { url }).credentials.username).toBe('shared');
  });

  it('a Secret of another project is never used (G10)', () => {
    const scoped = secret('repository', 'scoped', { url, username: 'scoped', project: 'web' });
    expect(access([scoped], { url, project: 'other' })).toMatchObject({ repository: undefined, credentials: {} });
    expect(access([scoped], { url })).toMatchObject({ repository: undefined, credentials: {} });
  });

  it('writing credentials are separate from reading ones (A34)', () => {
    const write = secret('repository-write', 'write', { url, username: 'writer' });
    expect(access([write], { url }).credentials).toEqual({});
    expect(access([write, narrow], { url, write: true }).credentials).toEqual({ username: 'writer' });
  });
});
