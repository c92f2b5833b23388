/** Every type of hook on the real control plane: when it runs, what becomes of it, what a failure does (D01-D09, B12). */
import { ANNOTATIONS, FINALIZERS } from '@tiphys/model';
import { eventually, type KubeObject } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { type Annotations, configMap, job, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('hooks');

const FAILS = 'task:fail';
/** Its Pod never becomes ready, so that the Job does not end by itself. */
const RUNS = 'task:broken';
const NO_RETRY = { retry: { limit: 0 } };
const { preDelete, preDeleteCleanup, postDelete, postDeleteCleanup } = FINALIZERS;

const hook = (type: string, policy?: string, wave?: number): Annotations => ({
  [ANNOTATIONS.hook]: type,
  ...(policy === undefined ? {} : { [ANNOTATIONS.hookDeletePolicy]: policy }),
  ...(wave === undefined ? {} : { [ANNOTATIONS.syncWave]: String(wave) }),
});

/** Names of what was applied, each once, in the order of the first write. */
async function applied(app: App, since = 0): Promise<readonly string[]> {
  const { entries } = await app.writes(since);
  const writes = entries.filter(({ verb, resource }) => verb !== 'delete' && resource !== 'namespaces');
  return [...new Set(writes.map(({ name }) => name))];
}

async function uidOf(app: App, name: string): Promise<string | undefined> {
  return (await app.object('Job', name))?.metadata.uid;
}

function finalizersOf(object: KubeObject | undefined): readonly string[] {
  const { finalizers = [] } = (object?.metadata ?? {}) as { readonly finalizers?: readonly string[] };
  return finalizers;
}

async function jobs(app: App): Promise<readonly KubeObject[]> {
  return site().client.list(`/apis/batch/v1/namespaces/${app.namespace}/jobs`);
}

describe('hooks of a sync', () => {
  it('run in their phases, in their waves, those of Sync among the resources', async () => {
    const files = {
      'all.yaml': yaml(
        job('f-post', { annotations: hook('PostSync') }),
        job('b-pre-late', { annotations: hook('PreSync', undefined, 2) }),
        job('a-pre', { annotations: hook('PreSync', undefined, -1) }),
        configMap('c-settings', {}, { [ANNOTATIONS.syncWave]: '-1' }),
        job('d-during', { annotations: hook('Sync') }),
        configMap('e-last', {}, { [ANNOTATIONS.syncWave]: '1' }),
        job('never', { annotations: hook('Whenever') }),
        configMap('skipped', {}, hook('Skip')),
        job('alarm', { annotations: hook('SyncFail') }),
      ),
    };
    const app = await deploy(site(), { files });
    const state = await app.operationEnded('Succeeded');
    expect(await applied(app)).toEqual(['a-pre', 'b-pre-late', 'c-settings', 'd-during', 'e-last', 'f-post']);
    const results = state.syncResult?.resources?.filter(({ kind }) => kind === 'Job') ?? [];
    expect(results.map(({ name, hookType, hookPhase }) => `${name} ${hookType} ${hookPhase}`).sort()).toEqual([
      ...['a-pre PreSync Succeeded', 'b-pre-late PreSync Succeeded'],
      ...['d-during Sync Succeeded', 'f-post PostSync Succeeded'],
    ]);
    await app.is('Synced', 'Healthy');
    expect((await jobs(app)).flatMap(finalizersOf)).not.toContain(FINALIZERS.hook);
  });

  it('carry a finalizer while they run, so that nothing takes their result away (D06)', async () => {
    const pre = job('pre', { image: RUNS, annotations: hook('PreSync') });
    const files = { 'all.yaml': yaml(pre, configMap('settings', {})) };
    const app = await deploy(site(), { files });
    await app.shows('waits for the hook', ({ status }) =>
      expect(status?.operationState?.message).toBe('waiting for completion of hook batch/Job/pre'),
    );
    expect(finalizersOf(await app.object('Job', 'pre'))).toContain(FINALIZERS.hook);
    await site().api.call('DELETE', `/api/v1/applications/${app.name}/operation`);
    const state = await app.operationEnded('Failed');
    expect(state).toMatchObject({ message: 'Operation terminated' });
    await eventually(async () => expect(await app.object('Job', 'pre')).toBeUndefined());
  });

  it('SyncFail hooks run when a hook has failed, and each goes as its policy says (D05)', async () => {
    const files = {
      'all.yaml': yaml(
        job('pre', { image: FAILS, annotations: hook('PreSync', 'HookFailed') }),
        job('kept', { annotations: hook('PreSync', 'HookSucceeded') }),
        job('alarm', { annotations: hook('SyncFail') }),
        configMap('settings', {}),
      ),
    };
    const app = await deploy(site(), { files, ...NO_RETRY });
    const state = await app.operationEnded('Failed');
    expect(state.message).toMatch(/^one or more synchronization tasks completed unsuccessfully, reason: Job\/pre/);
    expect(await app.object('ConfigMap', 'settings')).toBeUndefined();
    expect((await applied(app)).at(-1)).toBe('alarm');
    await eventually(async () =>
      expect((await jobs(app)).map(({ metadata }) => metadata.name)).toEqual(['alarm', 'kept']),
    );
  });

  it('run again with every full sync: BeforeHookCreation replaces, HookSucceeded deletes, generateName makes another one', async () => {
    const { name: _, ...unnamed } = job('x', { annotations: hook('PostSync') }).metadata;
    const generated = { ...job('x'), metadata: { ...unnamed, generateName: 'report-' } } as unknown as KubeObject;
    const files = {
      'all.yaml': yaml(
        job('replaced', { annotations: hook('PreSync') }),
        job('deleted', { annotations: hook('PreSync', 'HookSucceeded') }),
        generated,
        configMap('settings', { v: '1' }),
      ),
    };
    const app = await deploy(site(), { files });
    await app.operationEnded('Succeeded');
    const [first, reports] = [await uidOf(app, 'replaced'), (await jobs(app)).length];
    expect([first === undefined, reports, await uidOf(app, 'deleted')]).toEqual([false, 2, undefined]);
    const commit = await app.push({ 'settings.yaml': yaml(configMap('more', {})) });
    await app.shows('deploys the commit', ({ operation, status }) => {
      expect([operation, status?.operationState?.phase]).toEqual([undefined, 'Succeeded']);
      expect(status?.operationState?.syncResult?.revision).toBe(commit);
    });
    const second = await uidOf(app, 'replaced');
    expect([second === undefined, second === first]).toEqual([false, false]);
    const names = (await jobs(app)).map(({ metadata }) => metadata.name ?? '').sort();
    expect(names).toEqual(['replaced', ...names.filter((other) => /^report-[0-9a-f]{7}-postsync-\d+$/.test(other))]);
    expect(names).toHaveLength(3);
  });

  it('of Helm are hooks too, by weight (B12)', async () => {
    const helm = (type: string, weight: number): Annotations => ({
      [ANNOTATIONS.helmHook]: type,
      [ANNOTATIONS.helmHookWeight]: String(weight),
    });
    const files = {
      'all.yaml': yaml(
        job('d-post', { annotations: helm('post-upgrade', 0) }),
        job('b-pre', { annotations: helm('pre-install,pre-upgrade', 5) }),
        job('a-pre', { annotations: helm('pre-upgrade', -5) }),
        job('test', { annotations: helm('test', 0) }),
        configMap('c-settings', {}),
      ),
    };
    const app = await deploy(site(), { files });
    await app.operationEnded('Succeeded');
    expect(await applied(app)).toEqual(['a-pre', 'b-pre', 'c-settings', 'd-post']);
  });
});

describe('hooks of a deletion (D08)', () => {
  it('PreDelete runs before, PostDelete after the resources are gone', async () => {
    const files = {
      'all.yaml': yaml(
        job('before', { annotations: hook('PreDelete', 'HookSucceeded') }),
        job('after', { annotations: hook('PostDelete') }),
        configMap('settings', {}),
      ),
    };
    const app = await deploy(site(), { files });
    const { metadata } = await app.is('Synced', 'Healthy');
    expect(metadata.finalizers).toEqual([
      FINALIZERS.resources,
      ...[preDelete, preDeleteCleanup, postDelete, postDeleteCleanup],
    ]);
    await app.operationEnded('Succeeded');
    expect(await jobs(app)).toEqual([]);
    const since = await site().now();
    await app.remove();
    await app.isGone();
    const writes = (await app.writes(since)).entries.map(({ verb, name }) => `${verb} ${name}`);
    const first = (write: string) => writes.indexOf(write);
    expect([first('patch before') < first('delete before'), first('delete before') < first('delete settings')]).toEqual(
      [...[true, true]],
    );
    expect(first('delete settings')).toBeLessThan(first('patch after'));
    expect(await app.object('ConfigMap', 'settings')).toBeUndefined();
    expect((await jobs(app)).map((kept) => [kept.metadata.name, finalizersOf(kept)])).toEqual([['after', []]]);
  });

  it('one that fails holds everything, says so, and goes on with the next commit', async () => {
    const annotations = hook('PreDelete', 'HookSucceeded');
    const files = {
      'hook.yaml': yaml(job('backup', { image: FAILS, annotations })),
      'settings.yaml': yaml(configMap('settings', {})),
    };
    const app = await deploy(site(), { files });
    await app.is('Synced', 'Healthy');
    await app.operationEnded('Succeeded');
    await app.remove();
    await app.hasCondition('DeletionError', /PreDelete hook\(s\) failed: Job .*backup/);
    expect(await app.object('ConfigMap', 'settings')).toBeDefined();
    await app.push({ 'hook.yaml': yaml(job('backup', { annotations })) });
    await app.isGone(90_000);
    expect(await app.object('ConfigMap', 'settings')).toBeUndefined();
  });

  it('whoever removes them from Git, removes the finalizers', async () => {
    const files = {
      'hook.yaml': yaml(job('after', { annotations: hook('PostDelete') })),
      'a.yaml': yaml(configMap('a', {})),
    };
    const app = await deploy(site(), { files, finalizers: [] });
    await app.shows('has the finalizers', ({ metadata }) =>
      expect(metadata.finalizers).toEqual([postDelete, postDeleteCleanup]),
    );
    await app.push({ 'hook.yaml': null });
    await app.shows('has no finalizers', ({ metadata }) => expect(metadata.finalizers ?? []).toEqual([]));
  });
});
