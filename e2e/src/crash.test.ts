/**
 * R6 on real parts: two syncs of 200 objects with hooks, waves and prunes, in which the controller gets SIGKILL at thirty
 * chosen writes, before they arrive or after they did without their answer being read. Mostly Redis is emptied with the kill,
 * so that the next process waits for no lock and knows what Kubernetes knows; elsewhere it has to take over the dead one's job.
 */
import { ANNOTATIONS } from '@tiphys/model';
import { eventually, type KubeObject, watchObjects } from '@tiphys/testing';
import { expect, it, onTestFinished } from 'vitest';
import { type App, deploy } from './support/application.js';
import { type Checkpoint, type Line, type PassingWrite, startLine } from './support/checkpoint.js';
import { configMap, job, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const lines: Line[] = [];
const site = useSite('crash', {
  route: async (cluster) => {
    const line = await startLine({ cluster, userAgent: 'tiphys-application-controller' });
    lines.push(line);
    return line;
  },
});

const OBJECTS = 200;
const PRUNED = 10;
const WAVES = 10;
/** A takeover costs one to five seconds, by the load of the machine. */
const TEST_MS = 600_000;
const WAIT_MS = 120_000;
const wave = (number: number) => ({ [ANNOTATIONS.syncWave]: String(number) });
const hook = (name: string, type: string, number = 0) =>
  job(name, { annotations: { [ANNOTATIONS.hook]: type, ...wave(number) } });
const HOOKS = [hook('before', 'PreSync'), hook('between', 'Sync', WAVES / 2), hook('after', 'PostSync')];
const HOOK_NAMES = ['after', 'before', 'between'];
const NAMES = Array.from({ length: OBJECTS - HOOKS.length }, (_, index) => `c${index}`);

/** `c<number>` is in the wave of its last digit. */
const filesOf = (names: readonly string[], value: string) => ({
  'hooks.yaml': yaml(...HOOKS),
  'settings.yaml': yaml(...names.map((name, index) => configMap(name, { name, value }, wave(index % WAVES)))),
});
const FIRST = filesOf(NAMES, '1');
const SECOND = filesOf(NAMES.slice(0, -PRUNED), '2');

type Matcher = Checkpoint['matches'];
const onApplication = (matches: (body: PassingWrite['body']) => boolean): Matcher => {
  return ({ path, body }) => path.includes('/applications/') && matches(body);
};
const start = onApplication(({ operation }) => typeof operation === 'object' && operation !== null);
const end = onApplication(({ operation }) => operation === null);
const deployment: Matcher = ({ path }) => path.includes('/secrets/tiphys-deployment-');
const applied = (name: string): Matcher => {
  return ({ method, path, body }) => method === 'PATCH' && path.endsWith(`/${name}`) && body['kind'] !== undefined;
};
const released = (name: string): Matcher => {
  return ({ method, path, body }) => method === 'PATCH' && path.endsWith(`/${name}`) && body['kind'] === undefined;
};
const removed = (name: string): Matcher => {
  return ({ method, path }) => method === 'DELETE' && path.endsWith(`/${name}`);
};
const before = (name: string, matches: Matcher): Checkpoint => ({ name: `before ${name}`, when: 'before', matches });
const after = (name: string, matches: Matcher): Checkpoint => ({ name: `after ${name}`, when: 'after', matches });

/** In the order of a sync that creates everything. */
const CREATING: readonly Checkpoint[] = [
  before('the start', start),
  after('the start', start),
  before('the PreSync hook', applied('jobs/before')),
  after('the PreSync hook', applied('jobs/before')),
  before('the release of the PreSync hook', released('jobs/before')),
  before('an apply of wave 1', applied('configmaps/c11')),
  after('an apply of wave 3', applied('configmaps/c33')),
  after('the Sync hook', applied('jobs/between')),
  before('an apply of wave 7', applied('configmaps/c77')),
  before('the PostSync hook', applied('jobs/after')),
  after('the PostSync hook', applied('jobs/after')),
  before('the manifests are kept', deployment),
  after('the manifests are kept', deployment),
  before('the end', end),
  after('the end', end),
];

/** In the order of a sync that prunes, changes what is left, and replaces the hooks of the one before. */
const CHANGING: readonly Checkpoint[] = [
  before('the start', start),
  after('the start', start),
  before('the removal of the old PreSync hook', removed('jobs/before')),
  after('the removal of the old PreSync hook', removed('jobs/before')),
  before('the PreSync hook', applied('jobs/before')),
  after('the PreSync hook', applied('jobs/before')),
  before('a prune of wave 8', removed('configmaps/c188')),
  after('a prune of wave 5', removed('configmaps/c195')),
  before('an apply of wave 2', applied('configmaps/c22')),
  after('the removal of the old Sync hook', removed('jobs/between')),
  before('the Sync hook', applied('jobs/between')),
  after('an apply of wave 8', applied('configmaps/c88')),
  after('the PostSync hook', applied('jobs/after')),
  before('the end', end),
  after('the end', end),
];

/** Here Redis keeps what the dead process left: its lock and its active job. */
const REDIS_STAYS = ['after an apply of wave 3', 'before a prune of wave 8'];

/** Every object of a kind that was ever there, by name and uid. */
function seen(path: string, signal: AbortSignal): Set<string> {
  const objects = new Set<string>();
  const onEvent = ({ object }: { readonly object: KubeObject }) => {
    objects.add(`${object.metadata.name} ${object.metadata.uid}`);
  };
  void watchObjects(site().client, path, { onEvent, signal });
  return objects;
}

/** Kills the controller at each of the points and starts the next one, while a sync goes on. */
async function killAt(checkpoints: readonly Checkpoint[], begin: () => Promise<unknown>): Promise<readonly string[]> {
  const [line] = lines;
  if (line === undefined) throw new Error('the site has no line');
  const controller = site().installation.service('application-controller');
  const from = line.reached.length;
  line.arm(checkpoints);
  await begin();
  for (const [index, { name }] of checkpoints.entries()) {
    const attempt = async () => expect(line.reached.length - from).toBe(index + 1);
    await eventually(attempt, { description: `kill ${name}`, timeoutMs: WAIT_MS, intervalMs: 5 });
    await controller.kill();
    if (!REDIS_STAYS.includes(name)) await site().redis.flushAll();
    line.mend();
    await controller.start();
  }
  return line.reached.slice(from);
}

/** Waits for the n-th deployment and for a comparison after it, which would start another sync if it saw a reason. */
async function outcome(app: App, deployments: number): Promise<object> {
  await app.shows(
    `has ended ${deployments} syncs`,
    ({ status, operation }) => {
      expect(status?.history).toHaveLength(deployments);
      expect(operation).toBeUndefined();
    },
    WAIT_MS,
  );
  await app.is('Synced', 'Healthy');
  const { status, operation } = await app.refresh('normal');
  const { operationState, history, sync, health, resources } = status ?? {};
  const { phase, message, retryCount, syncResult } = operationState ?? {};
  // A process that dies before it knows of its own prune leaves nobody who could report it: what is gone shows in `live`.
  const lasting = syncResult?.resources?.filter(({ status: result }) => result !== 'Pruned');
  const results = lasting?.map(({ kind, name, status: result, hookPhase, syncPhase }) =>
    [kind, name, result, hookPhase, syncPhase].join(' '),
  );
  const secrets = await site().client.list(`/api/v1/namespaces/${site().namespace}/secrets`);
  const kept = secrets.filter(({ metadata }) => JSON.stringify(metadata).includes(`"${app.name}"`));
  const live = await site().client.list(`/api/v1/namespaces/${app.namespace}/configmaps`);
  const state = {
    ...{ operation, phase, message, retryCount, resources, sync: sync?.status, health: health?.status },
    results: results?.sort(),
    history: history?.map(({ id }) => id),
    kept: kept.length,
    live: live.filter(({ metadata }) => /^c\d+$/.test(metadata.name)).map(comparable),
  };
  return JSON.parse(JSON.stringify(state).replaceAll(app.name, 'app').replaceAll(app.namespace, 'namespace')) as object;
}

function comparable({ metadata, data }: KubeObject): object {
  const { name, labels, annotations } = metadata as KubeObject['metadata'] & Readonly<Record<string, unknown>>;
  return { name, labels, annotations, data };
}

/** Two syncs of an application, with `around` to disturb them; what each of them led to. */
async function twoSyncs(
  namespace: string,
  around: (checkpoints: readonly Checkpoint[], begin: () => Promise<unknown>) => Promise<unknown>,
) {
  const deployed: App[] = [];
  const appOf = () => {
    const [app] = deployed;
    if (app === undefined) throw new Error('nothing is deployed');
    return app;
  };
  const options = { files: FIRST, namespace, automated: { prune: true }, syncOptions: [] };
  await around(CREATING, async () => deployed.push(await deploy(site(), options)));
  const first = await outcome(appOf(), 1);
  await around(CHANGING, () => appOf().push(SECOND));
  return { first, second: await outcome(appOf(), 2) };
}

it('syncs of 200 objects with hooks and waves end the same after kills at thirty points; no hook Job runs twice (R6)', {
  timeout: TEST_MS,
}, async () => {
  const expected = await twoSyncs(await site().cluster.createNamespace('undisturbed'), (_, begin) => begin());
  const namespace = await site().cluster.createNamespace('crash');
  const watch = new AbortController();
  onTestFinished(() => watch.abort());
  const jobs = seen(`/apis/batch/v1/namespaces/${namespace}/jobs`, watch.signal);
  const reached: (readonly string[])[] = [];
  const actual = await twoSyncs(namespace, async (checkpoints, begin) => {
    reached.push(await killAt(checkpoints, begin));
  });
  expect(reached).toEqual([CREATING, CHANGING].map((points) => points.map(({ name }) => name)));
  expect(reached.flat()).toHaveLength(30);
  expect(actual).toEqual(expected);
  const runs = () => [...jobs].map((entry) => entry.split(' ')[0]).sort();
  await eventually(() => expect(runs()).toEqual([...HOOK_NAMES, ...HOOK_NAMES].sort()));
});
