/** The repo-server is killed in the middle of a render, or has no space left: nothing is lost, and nothing partial is applied (R9). */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { eventually } from '@tiphys/testing';
import { afterAll, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { dataFolder, renderFolders, type SmallDisk, smallDisk } from './support/data-folder.js';
import { useSite } from './support/site.js';

const site = useSite('repo-server-failures', { settings: { 'timeout.reconciliation': '2s' } });
let disk: SmallDisk | undefined;
afterAll(async () => {
  await site().installation.service('repo-server').stop();
  disk?.remove();
});

/** A render of some seconds, of two objects. */
const slow = (value: string): string => `
local fib(n) = if n < 2 then n else fib(n - 1) + fib(n - 2);
[
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: name }, data: { value: '${value}', sum: '%d' % fib(27) } }
  for name in ['first', 'second']
]`;
const quick = (value: string): string =>
  `[{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: name }, data: { value: '${value}' } } for name in ['first', 'second']]`;

const has = (app: App, value: string): Promise<void> =>
  eventually(async () => {
    for (const name of ['first', 'second']) {
      expect((await app.object('ConfigMap', name))?.['data']).toMatchObject({ value });
    }
  });

/** No half of a state: health and resources are those of the last good one, whose commit is in the history. */
async function keepsWhatItShowed(app: App): Promise<void> {
  const { status } = await app.get();
  expect(status?.health?.status).toBe('Healthy');
  expect(status?.resources?.map(({ name }) => name).sort()).toEqual(['first', 'second']);
}

it('R9 killed while it renders: the state stays, its folders are cleaned, and the render is done again by itself', async () => {
  const { installation } = site();
  const server = installation.service('repo-server');
  const app = await deploy(site(), { files: { 'a.jsonnet': quick('1') } });
  await app.is('Synced', 'Healthy');
  await has(app, '1');
  const since = await site().now();
  const commit = await app.push({ 'a.jsonnet': slow('2') });
  const left = await eventually(
    () => {
      const [folder] = renderFolders(installation);
      if (folder === undefined) throw new Error('nothing is rendered');
      return folder;
    },
    { description: 'a render is going on', intervalMs: 5 },
  );
  await server.kill();
  expect(existsSync(left)).toBe(true);
  expect((await app.writes(since)).list).toEqual([]);
  await app.hasCondition('ComparisonError', /the repo-server at \S+ cannot be reached.*shown as they were at 20/s);
  await keepsWhatItShowed(app);
  await server.start();
  await has(app, '2');
  await app.shows('is Synced to the commit', ({ status }) =>
    expect(status?.sync).toMatchObject({ status: 'Synced', revision: commit }),
  );
  expect(existsSync(left)).toBe(false);
});

it('R9 a full disk is a typed error, the last good state stays, and with space it goes on by itself', async () => {
  const { installation } = site();
  disk = await smallDisk(installation);
  const folder = dataFolder(installation);
  const app = await deploy(site(), { files: { 'settings.jsonnet': quick('1') } });
  await app.is('Synced', 'Healthy');
  await has(app, '1');
  disk.fill();
  const since = await site().now();
  const commit = await app.push({ 'settings.jsonnet': quick('2'), 'large.bin': randomBytes(2 * 1024 * 1024) });
  const message = await app.hasCondition(
    'ComparisonError',
    /^The disk of the repo-server is full.*Give the repo-server more space/,
  );
  expect(message).not.toContain(folder);
  expect((await app.writes(since)).list).toEqual([]);
  await keepsWhatItShowed(app);
  disk.free();
  await has(app, '2');
  await app.shows('is Synced to the commit, without the error', (found) => {
    expect(found.status?.sync).toMatchObject({ status: 'Synced', revision: commit });
    expect(found.status?.conditions ?? []).toEqual([]);
  });
});
