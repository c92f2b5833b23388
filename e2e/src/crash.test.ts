/**
 * R6 on real parts: the controller gets SIGKILL again and again during one sync of 200 objects with hooks and waves. Redis is
 * emptied with each kill, so that the next process waits for no lock and knows what Kubernetes knows. Thirty chosen points
 * are in `apps/application-controller/src/operation/crash.test.ts`.
 */
import { ANNOTATIONS } from '@tiphys/model';
import { eventually, type KubeObject, watchObjects } from '@tiphys/testing';
import { expect, it, onTestFinished } from 'vitest';
import { type App, deploy } from './support/application.js';
import { configMap, job, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const site = useSite('crash');

const KILLS = 10;
const OBJECTS = 200;
const WAVES = 40;
const wave = (number: number) => ({ [ANNOTATIONS.syncWave]: String(number) });
const hook = (name: string, type: string, number = 0) =>
  job(name, { annotations: { [ANNOTATIONS.hook]: type, ...wave(number) } });
const HOOKS = [hook('before', 'PreSync'), hook('between', 'Sync', WAVES / 2), hook('after', 'PostSync')];
const NAMES = Array.from({ length: OBJECTS - HOOKS.length }, (_, index) => `c${index}`);
const FILES = {
  'hooks.yaml': yaml(...HOOKS),
  'settings.yaml': yaml(...NAMES.map((name, index) => configMap(name, { name }, wave(index % WAVES)))),
};

/** Every object of a kind that was ever there, by name and uid. */
function seen(path: string, signal: AbortSignal): Set<string> {
  const objects = new Set<string>();
  const onEvent = ({ object }: { readonly object: KubeObject }) => {
    objects.add(`${object.metadata.name} ${object.metadata.uid}`);
  };
  void watchObjects(site().client, path, { onEvent, signal });
  return objects;
}

/** Kills the controller as soon as there is more than at the last kill, until the sync has ended or was killed often enough. */
async function killAgainAndAgain(app: App, settings: ReadonlySet<string>): Promise<number> {
  const controller = site().installation.service('application-controller');
  let kills = 0;
  while (kills < KILLS) {
    const before = settings.size;
    const ended = async () => (await app.get()).status?.operationState?.phase === 'Succeeded';
    const attempt = async () => expect(settings.size > before || (await ended())).toBe(true);
    await eventually(attempt, { description: 'the sync goes on', timeoutMs: 60_000, intervalMs: 5 });
    if (await ended()) break;
    await controller.kill();
    await site().redis.flushAll();
    await controller.start();
    kills += 1;
  }
  return kills;
}

it('a sync of 200 objects with hooks and waves survives kill after kill; no hook Job runs twice (R6)', async () => {
  const namespace = await site().cluster.createNamespace('crash');
  const watch = new AbortController();
  onTestFinished(() => watch.abort());
  const settings = seen(`/api/v1/namespaces/${namespace}/configmaps`, watch.signal);
  const jobs = seen(`/apis/batch/v1/namespaces/${namespace}/jobs`, watch.signal);
  const app = await deploy(site(), { files: FILES, namespace, automated: { prune: true }, syncOptions: [] });
  const kills = await killAgainAndAgain(app, settings);
  expect(kills).toBeGreaterThan(0);
  const state = await app.operationEnded('Succeeded');
  const { status } = await app.is('Synced', 'Healthy');
  expect(state.retryCount ?? 0).toBe(0);
  expect(status?.history).toHaveLength(1);
  const names = () => [...jobs].map((entry) => entry.split(' ')[0]).sort();
  await eventually(async () => expect(names()).toEqual(['after', 'before', 'between']));
  const live = await site().client.list(`/api/v1/namespaces/${namespace}/configmaps`);
  const applied = live.filter(({ metadata }) => NAMES.includes(metadata.name ?? ''));
  expect(applied.map(({ metadata, data }) => (data as { name?: string }).name === metadata.name)).toEqual(
    NAMES.map(() => true),
  );
});
