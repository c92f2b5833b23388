/** Webhooks through the built services: a Git host whose replicas are behind (J01), and a push to a registry (J02). */
import { LABELS } from '@tiphys/model';
import { eventually, type Files, type Registry, startRegistry, tarGzip, uniqueName } from '@tiphys/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call } from './support/api.js';
import { applicationOf, deploy, handleOf } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

/** Polls once an hour: what is found is found by webhooks. */
const site = useSite('webhooks');
const files = (text: string): Files => ({ 'settings.yaml': yaml(configMap('settings', { text })) });

describe('a push that is announced before all replicas of the Git host serve it (J01)', () => {
  afterEach(() => site().git.setFaults({}));

  it.each([
    ['which still name the old commit', 'refs'],
    ['which name the new commit, but cannot be fetched from', 'objects'],
  ] as const)('%s: it is asked for again until it is there', async (_, behind) => {
    const { git } = site();
    const app = await deploy(site(), { files: files('one') });
    await app.is('Synced', 'Healthy');
    git.setFaults({ behind });
    git.clearRequests();
    const commit = await app.push(files('two'));
    await eventually(() => expect(git.count('info-refs', app.name)).toBeGreaterThanOrEqual(2), { timeoutMs: 30_000 });
    const { status } = await app.get();
    expect(status?.sync?.revision).not.toBe(commit);
    expect(status?.conditions ?? []).toEqual([]);
    git.setFaults({});
    await app.shows('is at the announced commit', ({ status: now }) => {
      expect(now?.sync).toMatchObject({ status: 'Synced', revision: commit });
    });
    await eventually(async () => {
      expect(await app.object('ConfigMap', 'settings')).toMatchObject({ data: { text: 'two' } });
    });
  });
});

describe('a push to a registry (J02)', () => {
  const SECRET = 'an-auth-header';
  let registry: Registry;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry.stop());

  const push = (tag: string): Promise<string> =>
    registry.pushArtifact({ name: 'team/web', tag, layers: [{ bytes: tarGzip(files(tag)) }] });

  /** As Harbor tells of it. */
  async function announce(tag: string, digest: string): Promise<number> {
    const body = JSON.stringify({
      ...{ type: 'PUSH_ARTIFACT', occur_at: 1_772_443_230, operator: 'ada' },
      event_data: {
        resources: [{ digest, tag, resource_url: `${registry.host}/team/web:${tag}` }],
        repository: { name: 'web', namespace: 'team', repo_full_name: 'team/web', repo_type: 'private' },
      },
    });
    const headers = { authorization: SECRET, 'content-type': 'application/json' };
    const { status } = await call(site().installation.apiUrl, 'POST', { path: '/api/webhook', body, headers });
    return status;
  }

  it('brings the new version of a range to the cluster, and what is outside of the range wakes nobody', async () => {
    const { client, namespace: home } = site();
    await client.apply({
      ...{ apiVersion: 'v1', kind: 'Secret' },
      metadata: { name: uniqueName('oci'), namespace: home, labels: { [LABELS.secretType]: 'repository' } },
      stringData: { type: 'oci', url: `oci://${registry.host}/team/web`, insecureOCIForceHttp: 'true' },
    });
    const secret = `/api/v1/namespaces/${home}/secrets/argocd-secret`;
    await client.patch(secret, { stringData: { 'webhook.harbor.secret': SECRET } });
    const first = await push('1.0.0');
    const [name, namespace, url] = [uniqueName('app'), uniqueName('e2e'), `oci://${registry.host}/team/web`];
    await client.create(applicationOf({ name, namespace, url, revision: '1.*', site: site() }));
    const app = handleOf(site(), { name, namespace, url, repository: undefined });
    expect((await app.is('Synced', 'Healthy')).status?.sync?.revision).toBe(first);

    const outside = await push('2.0.0');
    await eventually(async () => expect(await announce('2.0.0', outside)).toBe(202));
    const second = await push('1.1.0');
    expect(await announce('1.1.0', second)).toBe(202);
    await app.shows('is at the pushed version', ({ status }) => {
      expect(status?.sync).toMatchObject({ status: 'Synced', revision: second });
      expect(status?.history?.map(({ revision }) => revision)).toEqual([first, second]);
    });
    expect(await app.object('ConfigMap', 'settings')).toMatchObject({ data: { text: '1.1.0' } });
  });
});
