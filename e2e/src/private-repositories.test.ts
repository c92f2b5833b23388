/** Repositories that need credentials: labelled Secrets as Argo CD reads them (G01-G06). */
import { LABELS, type SecretType } from '@tiphys/model';
import { type GitServer, type SshGitServer, startGitServer, startSshGitServer, uniqueName } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('private');
const FILES = { 'a.yaml': yaml(configMap('private', { a: '1' })) };
const PASSWORD = 's3cret/with:odd@characters';

async function addSecret(type: SecretType, stringData: Readonly<Record<string, string>>): Promise<void> {
  await site().client.apply({
    ...{ apiVersion: 'v1', kind: 'Secret' },
    metadata: { name: uniqueName(type), namespace: site().namespace, labels: { [LABELS.secretType]: type } },
    stringData,
  });
}

/** What the services wrote must not hold any of these. */
function logsDoNotShow(...secrets: readonly string[]): void {
  const logs = site().installation.logTails(1_000);
  expect(secrets.filter((secret) => logs.includes(secret))).toEqual([]);
}

describe('over HTTP with user and password', () => {
  let server: GitServer;
  beforeAll(async () => {
    server = await startGitServer({ username: 'robot', password: PASSWORD });
  });
  afterAll(() => server.stop());

  it('without a Secret the condition says which one to make', async () => {
    const app = await deploy(site(), { repository: await server.createRepository('closed', FILES) });
    expect(await app.hasCondition('ComparisonError', /closed\.git/)).toMatch(/Secret/);
  });

  it('a repository Secret is used, at the first sync and for later commits', async () => {
    const repository = await server.createRepository('one', FILES);
    await addSecret('repository', { type: 'git', url: repository.url, username: 'robot', password: PASSWORD });
    const app = await deploy(site(), { repository });
    await app.is('Synced', 'Healthy');
    await repository.commit({ 'a.yaml': yaml(configMap('private', { a: '2' })) });
    await app.refresh('normal');
    await app.shows('is deployed', ({ status }) => expect(status?.history).toHaveLength(2));
    expect((await app.object('ConfigMap', 'private'))?.['data']).toEqual({ a: '2' });
    logsDoNotShow(PASSWORD, encodeURIComponent(PASSWORD));
  });

  it('a credential template is used for every repository below its address (repo-creds)', async () => {
    const [first, second] = [
      await server.createRepository('team/first', FILES),
      await server.createRepository('team/second', FILES),
    ];
    await addSecret('repo-creds', { type: 'git', url: `${server.url}/team`, username: 'robot', password: PASSWORD });
    const apps = [await deploy(site(), { repository: first }), await deploy(site(), { repository: second })];
    for (const app of apps) await app.is('Synced', 'Healthy');
  });

  it('the longest template wins, and one of another address is not used', async () => {
    const repository = await server.createRepository('deep/inner/app', FILES);
    await addSecret('repo-creds', { type: 'git', url: `${server.url}/deep`, username: 'robot', password: 'wrong' });
    await addSecret('repo-creds', {
      type: 'git',
      url: `${server.url}/deep/inner`,
      username: 'robot',
      password: PASSWORD,
    });
    const app = await deploy(site(), { repository });
    await app.is('Synced', 'Healthy');
    const other = await deploy(site(), { repository: await server.createRepository('deeper', FILES) });
    await other.hasCondition('ComparisonError', /credential|authenticat|Secret/i);
  });
});

describe('a submodule', () => {
  let own: GitServer;
  let foreign: GitServer;
  beforeAll(async () => {
    own = await startGitServer();
    foreign = await startGitServer({ username: 'librarian', password: PASSWORD });
  });
  afterAll(() => Promise.all([own.stop(), foreign.stop()]));

  it('on another host is read with the credentials of its own Secret (B37)', async () => {
    const library = await foreign.createRepository('library', FILES);
    const repository = await own.createRepository('app', {
      '.gitmodules': `[submodule "lib"]\n\tpath = lib\n\turl = ${library.url}\n`,
      lib: { submodule: await library.head() },
    });
    const app = await deploy(site(), { repository, directory: { recurse: true } });
    await app.hasCondition('ComparisonError', /credentials were refused.*library/);
    await addSecret('repository', { type: 'git', url: library.url, username: 'librarian', password: PASSWORD });
    await app.refresh('normal');
    await app.is('Synced', 'Healthy');
    expect((await app.object('ConfigMap', 'private'))?.['data']).toEqual({ a: '1' });
    logsDoNotShow(PASSWORD, encodeURIComponent(PASSWORD));
  });
});

describe('over SSH with a private key', () => {
  let server: SshGitServer;
  beforeAll(async () => {
    server = await startSshGitServer();
  });
  afterAll(() => server.stop());

  const trustHost = (knownHosts: string) =>
    site().client.apply({
      ...{ apiVersion: 'v1', kind: 'ConfigMap' },
      metadata: {
        ...{ name: 'argocd-ssh-known-hosts-cm', namespace: site().namespace },
        labels: { [LABELS.partOf]: 'argocd' },
      },
      data: { ssh_known_hosts: knownHosts },
    });

  it('a host that is not in argocd-ssh-known-hosts-cm is refused, and trusted once it is (G08)', async () => {
    const repository = await server.createRepository('app', FILES);
    await addSecret('repository', { type: 'git', url: repository.url, sshPrivateKey: server.privateKey });
    await trustHost('');
    const app = await deploy(site(), { repository });
    expect(await app.hasCondition('ComparisonError', /known.hosts|host key/i)).toContain('argocd-ssh-known-hosts-cm');
    await trustHost(`${server.knownHosts}\n`);
    await app.refresh('normal');
    await app.is('Synced', 'Healthy');
    logsDoNotShow(...server.privateKey.split('\n').filter((line) => line.length > 40 && !line.startsWith('-----')));
  });

  it('a key that the host does not accept is a condition that names the Secret to correct', async () => {
    await trustHost(`${server.knownHosts}\n`);
    const repository = await server.createRepository('locked', FILES);
    await addSecret('repository', { type: 'git', url: repository.url, sshPrivateKey: server.otherPrivateKey });
    const app = await deploy(site(), { repository });
    expect(await app.hasCondition('ComparisonError', /locked\.git/)).toMatch(/key|Secret/);
  });
});
