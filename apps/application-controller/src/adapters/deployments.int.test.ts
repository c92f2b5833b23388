/** Deployments in Secrets of a real API server: whole or not at all, within limits, each Application its own. */
import { randomBytes } from 'node:crypto';
import {
  type ClusterConnection,
  createKubeClient,
  type KubeClient,
  loadClusterConnection,
  RESOURCES,
} from '@tiphys/cluster';
import { GitOpsError, LABELS } from '@tiphys/model';
import { type SharedControlPlane, sharedControlPlane } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeployedManifests } from '../ports.js';
import { application, configMap, SHA_A, specOf } from '../testing/builders.js';
import { PART_BYTES } from './deployment-parcel.js';
import { createDeployments } from './deployments.js';

const { signal } = new AbortController();
const MIB = 1024 * 1024;
let control: SharedControlPlane;
let client: KubeClient;
let namespace: string;

beforeAll(async () => {
  control = await sharedControlPlane();
  namespace = await control.createNamespace('deployments');
  const home: ClusterConnection = await loadClusterConnection({
    kubeconfig: control.kubeconfigPath,
    userAgent: 'test',
  });
  client = createKubeClient(home, { concurrency: 4 });
});
afterAll(() => client.close());

/** Text that hardly compresses. */
function noise(bytes: number): string {
  return randomBytes(bytes).toString('base64');
}

function manifests(text = 'v'): DeployedManifests {
  const object = { ...configMap('settings'), data: { text } };
  return {
    targets: [{ object, origin: 'a.yaml', sourceIndex: 0 }],
    ...{
      revisions: [SHA_A],
      sourceTypes: ['Directory'],
      manifestHash: 'hash',
      sources: [specOf().source ?? { repoURL: '' }],
    },
  };
}

let count = 0;
/** An application of its own; without an owner reference, for no such object exists in this namespace. */
function app() {
  count += 1;
  return application({ metadata: { namespace: 'elsewhere', name: 'guestbook', uid: `uid-${count}` } });
}

const deployments = (maxBytes = 4 * MIB) => createDeployments({ client, namespace, maxBytes });

async function secretsOf(uid = '') {
  const page = await client.list(RESOURCES.secrets, {
    namespace,
    labelSelector: `${LABELS.deploymentOf}=${uid}`,
    signal,
  });
  return page.items;
}

describe('a deployment', () => {
  it('comes back as it was kept, and is replaced by the next with its id', async () => {
    const owner = app();
    await deployments().save(owner, { id: 3, manifests: manifests('first') }, signal);
    expect(await deployments().load(owner, 3, signal)).toEqual(manifests('first'));
    await deployments().save(owner, { id: 3, manifests: manifests('second') }, signal);
    expect(await deployments().load(owner, 3, signal)).toEqual(manifests('second'));
  });

  it('larger than a Secret is kept in parts; without one of them it is not there', async () => {
    const owner = app();
    const large = manifests(noise(2 * PART_BYTES));
    await deployments().save(owner, { id: 1, manifests: large }, signal);
    const parts = await secretsOf(owner.metadata.uid);
    expect(parts.length).toBeGreaterThan(1);
    expect(await deployments().load(owner, 1, signal)).toEqual(large);
    const last = parts.at(-1)?.metadata.name ?? '';
    await client.delete(RESOURCES.secrets, { namespace, name: last }, { signal });
    expect(await deployments().load(owner, 1, signal)).toBeUndefined();
  });

  it('that somebody has changed is not there', async () => {
    const owner = app();
    await deployments().save(owner, { id: 1, manifests: manifests() }, signal);
    const [secret] = await secretsOf(owner.metadata.uid);
    const target = {
      resource: RESOURCES.secrets,
      namespace,
      name: secret?.metadata.name ?? '',
      type: 'merge',
    } as const;
    await client.patch(target, { data: { part: Buffer.from('other').toString('base64') } }, { signal });
    expect(await deployments().load(owner, 1, signal)).toBeUndefined();
  });

  it('over the limit is refused with what to do, and nothing of it is written', async () => {
    const owner = app();
    const saved = deployments(1_000).save(owner, { id: 1, manifests: manifests(noise(4_000)) }, signal);
    await expect(saved).rejects.toThrow(GitOpsError);
    await expect(saved).rejects.toThrow(/TIPHYS_DEPLOYMENT_LIMIT_MIB/);
    expect(await secretsOf(owner.metadata.uid)).toEqual([]);
  });

  it('is not kept when the limit is 0', async () => {
    const owner = app();
    await deployments(0).save(owner, { id: 1, manifests: manifests() }, signal);
    expect(await deployments().load(owner, 1, signal)).toBeUndefined();
  });
});

describe('dropping', () => {
  it('removes every part of the ids it names, and no error of what is not there', async () => {
    const owner = app();
    await deployments().save(owner, { id: 1, manifests: manifests(noise(2 * PART_BYTES)) }, signal);
    await deployments().save(owner, { id: 2, manifests: manifests() }, signal);
    await deployments().drop(owner, [0, 1], signal);
    expect(await deployments().load(owner, 2, signal)).toEqual(manifests());
    expect(await secretsOf(owner.metadata.uid)).toHaveLength(1);
  });

  it('leaves an application of the same name with another uid alone', async () => {
    const [first, second] = [app(), app()];
    await deployments().save(first, { id: 1, manifests: manifests('first') }, signal);
    expect(await deployments().load(second, 1, signal)).toBeUndefined();
    await deployments().drop(second, [1], signal);
    expect(await deployments().load(first, 1, signal)).toEqual(manifests('first'));
  });
});
