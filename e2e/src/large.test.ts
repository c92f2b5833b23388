/** R14: an application of 5,000 resources with a ConfigMap as large as Kubernetes takes; the Application stays small, the tree has all. */
import { eventually } from '@tiphys/testing';
import { expect, it, onTestFinished } from 'vitest';
import { deploy } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('large');

const COUNT = 5_000;
const PER_FILE = 500;
const NAMES = Array.from({ length: COUNT - 1 }, (_, index) => `settings-of-some-service-${index}`);
/** 1 MiB is what a ConfigMap may hold; in a manifest it is 1.4 MiB of base64. */
const LARGE = {
  ...configMap('large', {}),
  data: undefined,
  binaryData: { blob: Buffer.alloc(1024 * 1024 - 8, 'x').toString('base64') },
};
const KIB = 1024;

function files(value: string): Record<string, string> {
  const objects = NAMES.map((name) => configMap(name, { value }));
  const batches = Array.from({ length: Math.ceil(COUNT / PER_FILE) }, (_, index) => index * PER_FILE);
  const entries = batches.map((start) => [`${start}.yaml`, yaml(...objects.slice(start, start + PER_FILE))] as const);
  return { ...Object.fromEntries(entries), 'large.yaml': yaml(LARGE) };
}

interface Tree {
  readonly nodes: readonly { readonly name: string; readonly health?: { readonly status: string } }[];
}

it('syncs 5,000 resources; the Application stays below 512 KiB, and the tree is rebuilt when Redis is emptied (R14)', {
  timeout: 400_000,
}, async () => {
  const app = await deploy(site(), { files: files('1'), automated: { prune: true }, finalizers: [] });
  // The cluster is shared: the next tests need not list all of it.
  onTestFinished(async () => {
    await app.remove();
    await site().client.request('DELETE', `/api/v1/namespaces/${app.namespace}/configmaps`);
  });
  const deployed = await app.shows(
    '5,000 resources are Synced',
    (current) => {
      expect(current.status?.sync?.status).toBe('Synced');
      expect(current.operation).toBeUndefined();
      expect(current.status?.operationState?.phase).toBe('Succeeded');
      return current;
    },
    300_000,
  );
  // A patch of the Application can hold no more than the Application does.
  const { managedFields: _fields, ...metadata } = deployed.metadata;
  expect(JSON.stringify({ ...deployed, metadata }).length).toBeLessThan(512 * KIB);
  expect(deployed.status?.conditions?.map(({ type }) => type)).toContain('ShortenedStatusWarning');
  expect((await app.object('ConfigMap', 'large'))?.['binaryData']).toEqual(LARGE.binaryData);
  const whole = async (): Promise<void> => {
    const tree = await site().api.get<Tree>(`/api/v1/applications/${app.name}/resource-tree`);
    expect(tree.nodes).toHaveLength(COUNT);
  };
  await eventually(whole, { description: 'the tree has every resource', timeoutMs: 60_000 });
  await site().redis.flushAll();
  await eventually(whole, { description: 'the tree is there again', timeoutMs: 60_000 });
});
