/** Projects that demand signatures: what nobody trusted has signed is never deployed (F06, G13). */
import { API_VERSION, CONFIG_OBJECTS, LABELS } from '@tiphys/model';
import { createGpgSigner, type Signer, uniqueName } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deploy } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('signed');
const files = (value: string) => ({ 'a.yaml': yaml(configMap('signed', { value })) });
let signer: Signer;
beforeAll(() => {
  signer = createGpgSigner('release');
});
afterAll(() => signer.stop());

const addProject = async (): Promise<string> => {
  const name = uniqueName('signed');
  await site().client.apply({
    ...{ apiVersion: API_VERSION, kind: 'AppProject', metadata: { name, namespace: site().namespace } },
    spec: {
      ...{ sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }] },
      clusterResourceWhitelist: [{ group: '*', kind: '*' }],
      signatureKeys: [{ keyID: signer.keyId }],
    },
  });
  return name;
};

describe('S28 a project with signatureKeys', () => {
  it('deploys the signed commit and refuses the next, unsigned one: nothing is applied until it is signed', async () => {
    await site().client.apply({
      ...{ apiVersion: 'v1', kind: 'ConfigMap' },
      metadata: { name: CONFIG_OBJECTS.gpgKeys, namespace: site().namespace, labels: { [LABELS.partOf]: 'argocd' } },
      data: { [signer.keyId]: signer.publicKey },
    });
    const repository = await site().git.createRepository(uniqueName('signed'), files('0'));
    await signer.commit(repository, files('1'));
    const app = await deploy(site(), { repository, project: await addProject() });
    await app.is('Synced', 'Healthy');
    expect((await app.object('ConfigMap', 'signed'))?.['data']).toEqual({ value: '1' });

    const unsigned = await repository.commit(files('2'));
    await app.refresh('normal');
    const message = await app.hasCondition('ComparisonError', /Failed verifying revision/);
    expect(message).toContain(unsigned);
    expect(message).toMatch(/unsigned.*argocd-gpg-keys-cm/s);
    await app.sync();
    const { message: outcome } = await app.operationEnded('Error');
    expect(outcome).toContain('Failed verifying revision');
    expect((await app.object('ConfigMap', 'signed'))?.['data']).toEqual({ value: '1' });

    await signer.commit(repository, files('3'));
    await app.refresh('normal');
    await app.is('Synced', 'Healthy');
    expect((await app.object('ConfigMap', 'signed'))?.['data']).toEqual({ value: '3' });
  });
});
