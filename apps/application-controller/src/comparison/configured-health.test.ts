/** Health scripts of argocd-cm in the comparison, the sync and the tree, run by the real Lua. */
import { createLuaRuntime } from '@tiphys/lua';
import type { KubernetesObject } from '@tiphys/model';
import { createLogger } from '@tiphys/runtime';
import type { HealthScript } from '@tiphys/settings';
import { afterAll, describe, expect, it } from 'vitest';
import { application, configMap, stored } from '../testing/builders.js';
import { memoryCluster } from '../testing/memory-cluster.js';
import { world } from '../testing/world.js';
import { createConfiguredHealth } from './configured-health.js';

const log = createLogger({ name: 'test', level: 'error', format: 'json', write: () => undefined });
const lua = createLuaRuntime({ log, timeMs: 15_000 });
afterAll(() => lua.stop());

const script = (text: string, more: Partial<HealthScript> = {}): HealthScript => ({
  ...{ group: '', kind: 'ConfigMap', useOpenLibs: false, lua: text },
  ...more,
});
const BY_DATA = script(`
  if obj.data.state == nil then return nil end
  return { status = obj.data.state, message = "as " .. obj.metadata.name .. " says" }
`);
const tracking = { 'argocd.argoproj.io/tracking-id': 'guestbook:/ConfigMap:web/settings' };
const named = (state: string): KubernetesObject =>
  stored({ ...configMap('settings', { annotations: tracking }), data: { state } });

function judged(scripts: readonly HealthScript[], object: KubernetesObject) {
  const health = createConfiguredHealth({ lua, scripts: () => scripts });
  return health.of([object]).then(({ overrides, preliminary }) => ({ result: overrides?.(object), preliminary }));
}

describe('configured health (E05)', () => {
  it('judges the objects of its kind', async () => {
    expect(await judged([BY_DATA], named('Degraded'))).toEqual({
      result: { status: 'Degraded', message: 'as settings says' },
      preliminary: false,
    });
  });

  it('leaves other kinds to the built-in checks', async () => {
    expect(await judged([script('return 1', { kind: 'Secret' })], named('Degraded'))).toMatchObject({
      result: undefined,
    });
    expect(await judged([], named('Degraded'))).toMatchObject({ result: undefined });
  });

  it('says Progressing for an object that it has not seen yet', async () => {
    const health = createConfiguredHealth({ lua, scripts: () => [BY_DATA] });
    const { overrides } = await health.of([named('Healthy')]);
    expect(overrides?.(named('Degraded'))).toEqual({ status: 'Progressing', message: 'Waiting for its health check' });
  });

  it('asks again when the script is another, without a restart', async () => {
    const object = named('Healthy');
    let scripts = [BY_DATA];
    const health = createConfiguredHealth({ lua, scripts: () => scripts });
    expect((await health.of([object])).overrides?.(object)).toMatchObject({ status: 'Healthy' });
    scripts = [script('return { status = "Suspended" }')];
    expect((await health.of([object])).overrides?.(object)).toEqual({ status: 'Suspended' });
  });

  it('runs a script once per version of an object', async () => {
    let runs = 0;
    const counting = {
      ...lua,
      evaluate: (request: Parameters<typeof lua.evaluate>[0]) => (++runs, lua.evaluate(request)),
    };
    const object = named('Healthy');
    const scripts = [BY_DATA];
    const health = createConfiguredHealth({ lua: counting, scripts: () => scripts });
    for (let turn = 0; turn < 3; turn++) await health.of([object]);
    expect(runs).toBe(1);
  });

  it('makes only its own kind Unknown when it is broken, with the reason', async () => {
    const broken = script('return obj.data.state.x.y');
    const other = stored({ apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: {} });
    const health = createConfiguredHealth({ lua, scripts: () => [broken] });
    const object = named('Healthy');
    const { overrides, preliminary } = await health.of([object, other]);
    const message = "<string>:1: attempt to index field 'state' (a string value)";
    expect([overrides?.(object), preliminary]).toEqual([{ status: 'Unknown', message }, false]);
    expect(overrides?.(other)).toBeUndefined();
  });

  it('marks what a script over its limit says as preliminary (S7)', async () => {
    const strict = createLuaRuntime({ log, timeMs: 100 });
    const object = named('Healthy');
    const health = createConfiguredHealth({ lua: strict, scripts: () => [script('while true do end')] });
    const { overrides, preliminary } = await health.of([object]);
    await strict.stop();
    expect(preliminary).toBe(true);
    expect(overrides?.(object)).toMatchObject({
      status: 'Unknown',
      message: expect.stringContaining('did not end within 100 ms'),
    });
  });

  it('judges a node of the tree by the object that the API server has', async () => {
    const object = named('Degraded');
    const cluster = memoryCluster(object);
    const health = createConfiguredHealth({ lua, scripts: () => [BY_DATA] });
    const key = { group: '', kind: 'ConfigMap', namespace: 'web', name: 'settings' };
    const node = { key, uid: 'u1', resourceVersion: '7', object: undefined } as never;
    const found = await health.ofNodes(cluster.destination, [node], new AbortController().signal);
    expect(found.get('u1')).toEqual({ status: 'Degraded', message: 'as settings says' });
  });
});

describe('a comparison with health scripts', () => {
  it('shows their answer in the status of the application', async () => {
    const live = named('Degraded');
    const { refresh, app } = world(application(), { git: [], live: [live], healthScripts: [BY_DATA], lua });
    await refresh();
    expect(app()?.status?.health).toMatchObject({ status: 'Degraded' });
  });

  it('is made again when a script went over a limit, even when everything is in sync (S7)', async () => {
    const strict = createLuaRuntime({ log, timeMs: 100 });
    const git = [{ ...configMap('settings'), data: { state: 'Healthy' } }];
    const options = { git, live: [named('Healthy')], healthScripts: [script('while true do end')], lua: strict };
    const { refresh, app, memory } = world(application(), options);
    const again = { kind: 'requeueAfter', ms: 30_000, reason: 'a health script is tried again' };
    expect(await refresh()).toEqual(again);
    await strict.stop();
    const { sync, health } = app()?.status ?? {};
    expect([sync?.status, health?.status, memory.size]).toEqual(['Synced', 'Unknown', 0]);
  });
});
