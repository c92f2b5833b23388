/** The chart's custom resource definitions on a real API server. */
import { readFileSync } from 'node:fs';
import { parseYaml } from '@tiphys/model/yaml';
import { type KubeClient, type KubeObject, sharedControlPlane } from '@tiphys/testing';
import { beforeAll, describe, expect, it } from 'vitest';

const fixture = (name: string): KubeObject => {
  const origin = `${name}.yaml`;
  const text = readFileSync(new URL(`../../model/src/crd/testdata/${origin}`, import.meta.url), 'utf8');
  return structuredClone(parseYaml(text, { origin })) as unknown as KubeObject;
};

let client: KubeClient;
let namespace: string;

beforeAll(async () => {
  const cluster = await sharedControlPlane();
  client = cluster.client();
  namespace = await cluster.createNamespace('crd');
});

const inNamespace = (object: KubeObject): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, namespace },
});

describe('the API server keeps every field', () => {
  it.each(['application', 'appproject', 'applicationset'])('of a maximal %s', async (name) => {
    const wanted = inNamespace(fixture(name));
    const created = await client.create(wanted);
    const path = await client.pathOf(wanted);
    if (name === 'applicationset') await client.patch(`${path}/status`, { status: wanted['status'] });
    const { spec, operation, status } = await client.get<KubeObject>(path);
    expect({ spec, operation, status }).toEqual({
      spec: wanted['spec'],
      operation: wanted['operation'],
      status: wanted['status'],
    });
    expect(created.metadata.finalizers).toEqual(wanted.metadata['finalizers']);
    await client.patch(path, { metadata: { finalizers: null } });
  });
});

it('status of an Application is written together with spec and operation: there is no status subresource (A16)', async () => {
  const app = inNamespace({ ...fixture('application'), metadata: { name: 'one-write' } });
  await client.create(app);
  const path = await client.pathOf(app);
  const patched = await client.patch(path, { operation: null, status: { health: { status: 'Degraded' } } });
  expect(patched['operation']).toBeUndefined();
  expect(patched['status']).toMatchObject({ health: { status: 'Degraded' }, sync: { status: 'Synced' } });
});

it('an observed status value that this version does not know is stored', async () => {
  const app = inNamespace({ ...fixture('application'), metadata: { name: 'future' } });
  const status = { sync: { status: 'Sleeping' }, health: { status: '' } };
  expect((await client.create({ ...app, status }))['status']).toEqual(status);
});

it('columns show sync and health status', async () => {
  const definition = await client.get<{ spec: { versions: { additionalPrinterColumns: { name: string }[] }[] } }>(
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/applications.argoproj.io',
  );
  expect(definition.spec.versions[0]?.additionalPrinterColumns.map(({ name }) => name)).toEqual([
    'Sync Status',
    'Health Status',
    'Revision',
    'Project',
  ]);
});

const source = { repoURL: 'https://git.example.com/a' };
const app = (spec: unknown): unknown => ({ kind: 'Application', spec });
describe('an invalid object is refused with the field in the message', () => {
  it.each([
    ['an application without project', app({ destination: {}, source }), 'spec.project: Required value'],
    ['an application without destination', app({ project: 'default', source }), 'spec.destination: Required value'],
    ['a source without repository', app({ project: 'default', destination: {}, source: {} }), 'spec.source.repoURL'],
    [
      'a prune that is no boolean',
      app({ project: 'default', destination: {}, source, syncPolicy: { automated: { prune: 'yes' } } }),
      'spec.syncPolicy.automated.prune',
    ],
    [
      'an unknown GPG mode',
      {
        kind: 'AppProject',
        spec: { sourceIntegrity: { git: { policies: [{ repos: [{ url: '*' }], gpg: { mode: 'sometimes' } }] } } },
      },
      'supported values: "none", "head", "strict"',
    ],
    [
      'an unknown applicationsSync',
      {
        kind: 'ApplicationSet',
        spec: {
          generators: [],
          template: { metadata: {}, spec: { project: 'a', destination: {} } },
          syncPolicy: { applicationsSync: 'never' },
        },
      },
      'spec.syncPolicy.applicationsSync',
    ],
  ])('%s', async (_name, object, message) => {
    const metadata = { name: 'invalid', namespace };
    const whole = { apiVersion: 'argoproj.io/v1alpha1', metadata, ...(object as object) } as unknown as KubeObject;
    await expect(client.create(whole)).rejects.toThrow(message);
  });
});
