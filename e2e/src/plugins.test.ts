/** Applications that a config management plugin renders: our sidecar as a process of its own, from Git to the cluster (B29-B33). */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  eventually,
  type Files,
  filesOf,
  type ManagedProcess,
  removeDirectory,
  startProcess,
  temporaryDirectory,
  uniqueName,
} from '@tiphys/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type App, applicationOf, handleOf } from './support/application.js';
import { type Site, useSite } from './support/site.js';

const directory = temporaryDirectory('plugins');
const sockets = join(directory, 'sockets');
const site = useSite('plugins', { env: { TIPHYS_PLUGIN_DIR: sockets, TIPHYS_EXPECTED_PLUGINS: 'env-v1' } });

const example = fileURLToPath(new URL('../../examples/plugin', import.meta.url));

const sidecars: ManagedProcess[] = [];

async function startSidecar(): Promise<ManagedProcess> {
  const { PATH = '', HOME = '' } = process.env;
  const main = fileURLToPath(new URL('../../apps/cmp-server/dist/main.js', import.meta.url));
  const program = await startProcess({
    command: process.execPath,
    args: [main],
    logFile: join(directory, 'cmp-server.log'),
    env: {
      ...{ PATH, HOME },
      TIPHYS_PLUGIN_DIR: sockets,
      TIPHYS_PLUGIN_CONFIG_DIR: example,
      TIPHYS_PLUGIN_WORK_DIR: join(directory, 'work'),
    },
  });
  sidecars.push(program);
  return program;
}

beforeAll(async () => void (await startSidecar()));
afterAll(async () => {
  for (const sidecar of sidecars) await sidecar.kill();
  removeDirectory(directory);
});

async function deployPlugin(on: Site, files: Files, plugin?: object): Promise<App> {
  const name = uniqueName('app');
  const namespace = uniqueName('e2e');
  const repository = await on.git.createRepository(name, files);
  const application = applicationOf({ name, namespace, url: repository.url, site: on });
  const spec = application['spec'] as { readonly source: object };
  const source = { ...spec.source, ...(plugin === undefined ? {} : { plugin }) };
  await on.client.create({ ...application, spec: { ...spec, source } });
  return handleOf(on, { name, namespace, url: repository.url, repository });
}

const files = filesOf(join(example, 'app'));

it('a plugin that discovers the source renders it, and a push goes out', async () => {
  const app = await deployPlugin(site(), files);
  const { status } = await app.is('Synced', 'Healthy');
  expect(status?.sourceType).toBe('Plugin');
  expect(await app.object('ConfigMap', 'web')).toMatchObject({ data: { colour: 'blue', application: app.name } });
  await app.push({ 'web.env': 'COLOUR=red\n', 'cache.env': 'COLOUR=grey\n' });
  await eventually(
    async () => {
      expect(await app.object('ConfigMap', 'web')).toMatchObject({ data: { colour: 'red' } });
      expect(await app.object('ConfigMap', 'cache')).toMatchObject({ data: { colour: 'grey' } });
    },
    { description: 'the push is applied', timeoutMs: 45_000 },
  );
  await app.is('Synced');
});

it('a named plugin gets variables and parameters; its failure is shown and nothing is pruned', async () => {
  const plugin = {
    name: 'env-v1',
    env: [{ name: 'STAGE', value: 'prod' }],
    parameters: [{ name: 'size', string: 'xl' }],
  };
  const app = await deployPlugin(site(), files, plugin);
  await app.is('Synced', 'Healthy');
  expect(await app.object('ConfigMap', 'web')).toMatchObject({ data: { size: 'xl', stage: 'prod' } });
  await app.push({ 'web.env': 'echo "the tool says no" >&2; exit 4\n' });
  expect(await app.hasCondition('ComparisonError', /the tool says no/)).toMatch(
    /The generate command of the plugin env-v1 failed with exit code 4/,
  );
  expect(await app.object('ConfigMap', 'web')).toMatchObject({ data: { size: 'xl' } });
});

it('a sidecar that dies is an error of its applications, and they go on when it is back (R8)', async () => {
  const app = await deployPlugin(site(), files);
  await app.is('Synced', 'Healthy');
  await sidecars.at(-1)?.kill();
  await app.push({ 'web.env': 'COLOUR=violet\n' });
  expect(await app.hasCondition('ComparisonError', /plugin env-v1/)).toMatch(/does not answer|does not run/);
  expect(await app.object('ConfigMap', 'web')).toMatchObject({ data: { colour: 'blue' } });
  await startSidecar();
  await eventually(
    async () => expect(await app.object('ConfigMap', 'web')).toMatchObject({ data: { colour: 'violet' } }),
    { description: 'the push is applied', timeoutMs: 120_000 },
  );
  await app.is('Synced');
});
