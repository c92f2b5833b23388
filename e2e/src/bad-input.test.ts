/** Bad input: a condition that says what and what to do, other applications unaffected, nothing pruned, and recovery. */
import { API_VERSION } from '@tiphys/model';
import { eventually, freePort, startGitServer, uniqueName } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('bad-input');
let neighbour: App;
let neighbourVersion = 1;

const ERRORS = ['ComparisonError', 'InvalidSpecError', 'SyncError', 'UnknownError', 'OrphanedResourceWarning'];

/** One anchor used nine times by the next, nine levels deep: 3.8 × 10^8 leaves in 500 bytes. */
const ALIAS_BOMB = [
  'apiVersion: v1',
  'kind: ConfigMap',
  'metadata: { name: bomb }',
  'data:',
  '  a0: &a0 ["x"]',
  ...Array.from(
    { length: 9 },
    (_, level) => `  a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(9).slice(0, -1)}]`,
  ),
].join('\n');

const BLOCK_STYLE = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: fine }\n';

const HUGE = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: huge }\ndata:\n  a: "${'x'.repeat(20 * 1024 * 1024)}"\n`;

beforeAll(async () => {
  neighbour = await deploy(site(), { files: neighbourFiles() });
  await neighbour.is('Synced', 'Healthy');
});

function neighbourFiles() {
  return { 'neighbour.yaml': yaml(configMap('neighbour', { version: String(neighbourVersion) })) };
}

/** A commit to another application is deployed while this one is broken. */
async function othersAreUnaffected(): Promise<void> {
  neighbourVersion++;
  await neighbour.push(neighbourFiles());
  await eventually(async () => {
    const data = (await neighbour.object('ConfigMap', 'neighbour'))?.['data'];
    expect(data).toEqual({ version: String(neighbourVersion) });
  });
  await neighbour.is('Synced', 'Healthy');
}

function patchSpec(app: App, spec: object): Promise<unknown> {
  return site().client.patch(`/apis/${API_VERSION}/namespaces/${site().namespace}/applications/${app.name}`, { spec });
}

async function startsSynced(
  options: { project?: string; retry?: object } = {},
): Promise<{ app: App; since: number; versions: unknown }> {
  const files = {
    'good.yaml': yaml(configMap('good', { a: '1' })),
    'other.yaml': yaml(configMap('other', { b: '2' })),
  };
  const app = await deploy(site(), { files, ...options });
  await app.is('Synced', 'Healthy');
  await app.operationEnded('Succeeded');
  return { app, since: await site().now(), versions: await versionsOf(app) };
}

async function versionsOf(app: App): Promise<unknown> {
  const objects = await Promise.all([app.object('ConfigMap', 'good'), app.object('ConfigMap', 'other')]);
  return objects.map((object) => object?.metadata.resourceVersion);
}

async function nothingTouched({ app, since, versions }: Awaited<ReturnType<typeof startsSynced>>): Promise<void> {
  expect((await app.writes(since)).list).toEqual([]);
  expect(await versionsOf(app)).toEqual(versions);
}

async function recovers(app: App): Promise<void> {
  await app.is('Synced', 'Healthy');
  await app.shows('has no error condition', ({ status }) => {
    const errors = status?.conditions?.filter(({ type }) => ERRORS.includes(type)) ?? [];
    expect(errors).toEqual([]);
  });
}

describe('a bad commit', () => {
  it.each([
    {
      what: 'malformed YAML names file and line',
      files: { 'conf/broken.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: [broken\ndata: {}\n' },
      directory: { recurse: true },
      message: /conf\/broken\.yaml.*\b(line )?[456]\b/s,
    },
    { what: 'an alias bomb', files: { 'bomb.yaml': ALIAS_BOMB }, message: /bomb\.yaml.*alias/is },
    {
      what: 'a manifest of 20 MB',
      files: { 'huge.yaml': HUGE },
      message: /huge\.yaml.*(limit|large|size|bytes|MB|Mi)/is,
    },
    {
      what: 'an object without a kind',
      files: { 'nokind.yaml': `${BLOCK_STYLE}---\napiVersion: v1\nmetadata: { name: x }\n` },
      message: /nokind\.yaml.*kind/s,
    },
  ])('with $what is a ComparisonError; the fix is deployed (S12)', async ({ files, message, directory }) => {
    const broken = await startsSynced();
    const { app } = broken;
    if (directory !== undefined) await patchSpec(app, { source: { directory } });
    await app.push(files);
    await app.hasCondition('ComparisonError', message);
    await app.is('Unknown');
    await othersAreUnaffected();
    await nothingTouched(broken);
    await app.push(Object.fromEntries(Object.keys(files).map((path) => [path, null])));
    await recovers(app);
    await nothingTouched(broken);
  });

  const gadget = { apiVersion: 'nowhere.example/v1', kind: 'Gadget', metadata: { name: 'it' }, spec: {} };
  const missingKind = /Gadget.*(CRD|CustomResourceDefinition)/s;

  it('with an unknown kind names it, applies nothing of the commit, and the fix is deployed', async () => {
    const broken = await startsSynced({ retry: { limit: 0 } });
    const { app } = broken;
    await app.push({ 'gadget.yaml': yaml(gadget), 'new.yaml': yaml(configMap('new', { a: '1' })) });
    await app.hasCondition('SyncError', missingKind);
    await othersAreUnaffected();
    await nothingTouched(broken);
    await app.push({ 'gadget.yaml': null });
    await recovers(app);
    expect(await app.object('ConfigMap', 'new')).toBeDefined();
  });

  it('with an unknown kind shows the condition already while the sync is retried', async () => {
    const broken = await startsSynced();
    await broken.app.push({ 'gadget.yaml': yaml(gadget) });
    await broken.app.hasCondition('SyncError', missingKind);
    await broken.app.shows('waits to retry', ({ status }) =>
      expect(status?.operationState?.retryCount).toBeGreaterThan(0),
    );
    await nothingTouched(broken);
  });
});

describe('a bad source', () => {
  it.each([
    { what: 'a missing path', source: { path: 'no/such/folder' }, message: /no\/such\/folder.*(exist|found)/s },
    { what: 'an unknown revision', source: { targetRevision: 'no-such-branch' }, message: /no-such-branch/ },
    { what: 'a revision that no repository has', source: { targetRevision: 'f'.repeat(40) }, message: /f{40}/ },
    {
      what: 'a path outside of the repository (S7)',
      source: { path: '../../../etc' },
      message: /\.\.\/|outside|path/i,
    },
  ])('with $what is shown as a condition; correcting it helps', async ({ source, message }) => {
    const broken = await startsSynced();
    const { app } = broken;
    await patchSpec(app, { source });
    await app.shows('has a condition', ({ status }) => {
      const found = status?.conditions?.find((entry) => ERRORS.includes(entry.type));
      expect(found?.message).toMatch(message);
    });
    await app.is('Unknown');
    await othersAreUnaffected();
    await nothingTouched(broken);
    await patchSpec(app, { source: { path: '.', targetRevision: 'main' } });
    await recovers(app);
    await nothingTouched(broken);
  });

  it('on an unreachable host says so; others go on, and it recovers when the address is right (R8)', async () => {
    const broken = await startsSynced();
    const { app } = broken;
    const url = `http://127.0.0.1:${await freePort()}/gone.git`;
    await patchSpec(app, { source: { repoURL: url } });
    const message = await app.hasCondition('ComparisonError', /127\.0\.0\.1:\d+/);
    expect(message).toMatch(/connect|reach|refused/i);
    await othersAreUnaffected();
    await nothingTouched(broken);
    await patchSpec(app, { source: { repoURL: app.repositoryUrl } });
    await recovers(app);
  });

  describe('that needs a password', () => {
    const secrets: string[] = [];
    let server: Awaited<ReturnType<typeof startGitServer>>;
    beforeAll(async () => {
      server = await startGitServer({ username: 'robot', password: 'correct' });
    });
    afterAll(async () => {
      await server.stop();
      expect(secrets.length).toBeGreaterThan(0);
    });

    it('says that the credentials are wrong, never shows them, and recovers with the right ones (S23)', async () => {
      const repository = await server.createRepository('private', { 'a.yaml': yaml(configMap('private', { a: '1' })) });
      const name = uniqueName('repository');
      secrets.push(name);
      const secret = (password: string) => ({
        ...{ apiVersion: 'v1', kind: 'Secret' },
        metadata: {
          ...{ name, namespace: site().namespace },
          labels: { 'argocd.argoproj.io/secret-type': 'repository' },
        },
        stringData: { type: 'git', url: repository.url, username: 'robot', password },
      });
      await site().client.apply(secret('wr0ng-passw0rd'));
      const app = await deploy(site(), { repository });
      const message = await app.hasCondition('ComparisonError', /credential|authenticat|password/i);
      expect(message).not.toContain('wr0ng-passw0rd');
      expect(site().installation.logTails(500)).not.toContain('wr0ng-passw0rd');
      await othersAreUnaffected();
      await site().client.apply(secret('correct'));
      await app.refresh('normal');
      await recovers(app);
    });
  });
});

describe('a project that forbids', () => {
  it.each([
    { what: 'the source', spec: { sourceRepos: ['https://elsewhere.example/*'] }, message: /repo|source/i },
    {
      what: 'the destination',
      spec: { destinations: [{ server: '*', namespace: 'elsewhere' }] },
      message: /destination|namespace/i,
    },
  ])('$what stops the application with a condition and prunes nothing (F03)', async ({ spec, message }) => {
    const project = uniqueName('project');
    const open = {
      sourceRepos: ['*'],
      destinations: [{ server: '*', namespace: '*' }],
      clusterResourceWhitelist: [{ group: '*', kind: '*' }],
    };
    const object = {
      apiVersion: API_VERSION,
      kind: 'AppProject',
      metadata: { name: project, namespace: site().namespace },
    };
    await site().client.apply({ ...object, spec: open });
    const broken = await startsSynced({ project });
    const { app } = broken;
    await site().client.apply({ ...object, spec: { ...open, ...spec } });
    const text = await app.hasCondition('InvalidSpecError', message);
    expect(text).toContain(project);
    await app.push({ 'new.yaml': yaml(configMap('new', { a: '1' })) });
    await app.refresh('hard');
    await othersAreUnaffected();
    await nothingTouched(broken);
    await site().client.apply({ ...object, spec: open });
    await recovers(app);
    await eventually(async () => expect(await app.object('ConfigMap', 'new')).toBeDefined());
  });
});
