/** What works while the Git host does not: everything that needs no new commit (R8). */
import { eventually, startGitServer } from '@tiphys/testing';
import { afterEach, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('outage');
const version = (value: string) => ({ 'settings.yaml': yaml(configMap('settings', { value })) });

afterEach(() => site().git.setFaults({}));

async function startedTwice(): Promise<App> {
  const app = await deploy(site(), { files: version('1') });
  await app.is('Synced', 'Healthy');
  await app.push(version('2'));
  await has(app, '2');
  await app.is('Synced', 'Healthy');
  await app.operationEnded('Succeeded');
  return app;
}

function has(app: App, value: string): Promise<void> {
  return eventually(async () => expect((await app.object('ConfigMap', 'settings'))?.['data']).toEqual({ value }));
}

const drift = (app: App) =>
  site().client.patch(`/api/v1/namespaces/${app.namespace}/configmaps/settings`, { data: { value: 'changed' } });

it('drift is healed', async () => {
  const app = await startedTwice();
  site().git.setFaults({ status: 503 });
  await drift(app);
  await has(app, '2');
});

it('a rollback to a deployed commit works and holds', async () => {
  const app = await startedTwice();
  site().git.setFaults({ status: 503 });
  const first = (await app.get()).status?.history?.[0];
  await app.rollback(first?.id ?? -1);
  await has(app, '1');
  await app.is('OutOfSync');
});

it('a push is kept until the host answers again, and nothing is written meanwhile', async () => {
  const app = await startedTwice();
  site().git.setFaults({ status: 503 });
  const since = await site().now();
  site().git.clearRequests();
  const commit = await app.push(version('3'));
  // Settled: the push was looked at while the host was down.
  await eventually(() => expect(site().git.count('info-refs', app.name)).toBeGreaterThan(0));
  expect((await app.writes(since)).list).toEqual([]);
  site().git.setFaults({});
  await has(app, '3');
  await app.shows('is Synced to the commit', ({ status }) =>
    expect(status?.sync).toMatchObject({ status: 'Synced', revision: commit }),
  );
});

it('a host that hangs does not hold up the applications of another host', async () => {
  const hanging = await startGitServer();
  try {
    const repository = await hanging.createRepository('hanging', version('1'));
    const stuck = await Promise.all(Array.from({ length: 5 }, () => deploy(site(), { repository })));
    for (const app of stuck) await app.is('Synced', 'Healthy');
    hanging.setFaults({ hang: true });
    const asked = Promise.allSettled(stuck.map((app) => app.refresh('normal')));
    const app = await startedTwice();
    await app.push(version('3'));
    await has(app, '3');
    // Ends the requests that hang.
    await hanging.stop();
    await asked;
  } catch (error) {
    await hanging.stop();
    throw error;
  }
});

it('a controller that starts without Git shows the last state and heals drift', async () => {
  const app = await startedTwice();
  const controller = site().installation.service('application-controller');
  await controller.stop();
  site().git.setFaults({ status: 503 });
  await controller.start();
  await drift(app);
  await has(app, '2');
});
