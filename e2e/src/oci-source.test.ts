/** A folder of manifests in a private registry, from the tag to the cluster (B27, B28, G02). */
import { API_VERSION, LABELS } from '@tiphys/model';
import { type Files, type Registry, startRegistry, tarGzip, uniqueName } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, applicationOf, handleOf } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('oci', { settings: { 'timeout.reconciliation': '1s' } });
/** robot, with the password secret. */
const HTPASSWD = 'robot:$2b$04$UtMzYmGP0B6gcIimLiIlwOE0hLWu.UxcMzzF3xCsjUkFFaCivrbCO';

let registry: Registry;
beforeAll(async () => {
  registry = await startRegistry({ htpasswd: HTPASSWD });
});
afterAll(() => registry.stop());

const push = (tag: string, files: Files): Promise<string> =>
  registry.pushArtifact({ name: 'team/web', tag, layers: [{ bytes: tarGzip(files) }], login: 'robot:secret' });

async function deployArtifact(revision: string): Promise<App> {
  const url = `oci://${registry.host}/team/web`;
  const [name, namespace] = [uniqueName('app'), uniqueName('e2e')];
  await site().client.create(applicationOf({ name, namespace, url, revision, path: 'prod', site: site() }));
  return handleOf(site(), { name, namespace, url, repository: undefined });
}

async function addSecret(): Promise<void> {
  await site().client.apply({
    ...{ apiVersion: 'v1', kind: 'Secret' },
    metadata: { name: uniqueName('oci'), namespace: site().namespace, labels: { [LABELS.secretType]: 'repository' } },
    stringData: {
      ...{ type: 'oci', url: `oci://${registry.host}/team/web`, insecureOCIForceHttp: 'true' },
      ...{ username: 'robot', password: 'secret' },
    },
  });
}

describe('an Application whose repoURL is oci://', () => {
  const files = (text: string): Files => ({
    'prod/settings.yaml': yaml(configMap('settings', { text })),
    'test/settings.yaml': yaml(configMap('test-settings', { text })),
  });

  it('follows its tag by polling, with the digest as revision, and syncs back to an older digest', async () => {
    const first = await push('stable', files('one'));
    await addSecret();
    const app = await deployArtifact('stable');
    const { status } = await app.is('Synced', 'Healthy');
    expect(status?.sync).toMatchObject({ revision: first });
    expect(status?.sourceType).toBe('Directory');
    expect(status?.resources?.map(({ name }) => name)).toEqual(['settings']);

    const second = await push('stable', files('two'));
    await app.shows('is at the new digest', ({ status: now }) => {
      expect(now?.sync).toMatchObject({ status: 'Synced', revision: second });
      expect(now?.history?.map(({ revision }) => revision)).toEqual([first, second]);
    });
    expect(await app.object('ConfigMap', 'settings')).toMatchObject({ data: { text: 'two' } });

    const path = `/apis/${API_VERSION}/namespaces/${site().namespace}/applications/${app.name}`;
    await site().client.patch(path, { spec: { source: { targetRevision: first } } });
    await app.shows('is at the first digest again', async () => {
      expect(await app.object('ConfigMap', 'settings')).toMatchObject({ data: { text: 'one' } });
    });
  });

  it('says what to do when the registry has no such tag', async () => {
    await push('stable', files('one'));
    await addSecret();
    const app = await deployArtifact('9.x');
    expect(await app.hasCondition('ComparisonError', /has no "9\.x"/)).toMatch(/Correct repoURL or targetRevision/);
  });
});
