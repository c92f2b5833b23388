/** The measurements, one function each, in the order in which they run. */
import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type KubeObject } from '@tiphys/testing';
import type { Api } from './api.js';
import { watchSet } from './live-set.js';
import { cpuOf, mapValues, round, since } from './processes.js';
import type { IdleResult, ListResult, PushResult, Series, SyncResult } from './results.js';
import { countWrites, gitCounts, mark, type Stage, serviceWrites, writesSince } from './stage.js';
import { application, configMapFile, configMapPath, NAMESPACE, OBJECTS_PER_APPLICATION } from './workload.js';

const SYNC_TIMEOUT_MS = 600_000;
const STEP_TIMEOUT_MS = 60_000;
/** Create requests in flight. */
const CREATORS = 20;

/** Creates the Applications and waits until the cluster shows all of them Synced and Healthy and their objects exist. */
export async function measureSync(stage: Stage): Promise<SyncResult> {
  const { client, names, installation, pids, services } = stage;
  const applications = watchSet(client, applicationsPath(stage), isSyncedAndHealthy);
  const position = await mark(stage);
  stage.git.clearRequests();
  const before = cpuOf(pids);
  const start = performance.now();
  const queue = [...names];
  const create = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      await client.create(application(name, { namespace: installation.namespace, repoURL: stage.repository.url }));
    }
  };
  await Promise.all(Array.from({ length: CREATORS }, create));
  const end = await applications.reached(names.length, SYNC_TIMEOUT_MS);
  const used = since(before, pids, services);
  applications.stop();
  await expectObjects(stage);
  return {
    seconds: round((end - start) / 1_000, 2),
    cpuSeconds: used,
    writes: await writesSince(stage, position),
    ...gitCounts(stage),
  };
}

/** Nothing happens: what does it cost? Waits first until the writes of before have ended. */
export async function measureIdle(stage: Stage, seconds: number): Promise<IdleResult> {
  await quiet(stage);
  const position = await mark(stage);
  stage.git.clearRequests();
  const before = cpuOf(stage.pids);
  const start = performance.now();
  await delay(seconds * 1_000);
  const elapsed = (performance.now() - start) / 1_000;
  const used = since(before, stage.pids, stage.services);
  return {
    seconds: round(elapsed, 1),
    cpuPercent: mapValues(used, (value) => round((value / elapsed) * 100, 2)),
    writes: await writesSince(stage, position),
    ...gitCounts(stage),
  };
}

/** From the webhook until the ConfigMap in the cluster has the pushed content, each run with another application. */
export async function measurePush(stage: Stage, api: Api, runs: number): Promise<PushResult> {
  const { client, repository, pids, services } = stage;
  const configMaps = watchSet(client, `/api/v1/namespaces/${NAMESPACE}/configmaps`, () => true);
  await configMaps.reached(stage.names.length, STEP_TIMEOUT_MS);
  const position = await mark(stage);
  stage.git.clearRequests();
  const before = cpuOf(pids);
  const times: number[] = [];
  const pushed = spread(stage.names, runs);
  for (const name of pushed) {
    const version = `pushed-${performance.now()}`;
    const file = configMapPath(name);
    const commit = await repository.commit({ [file]: configMapFile(name, version) }, { message: `release ${name}` });
    const start = performance.now();
    await api.announcePush({ repoURL: repository.url, commit, file });
    const applied = await configMaps.matched(name, (object) => versionOf(object) === version, STEP_TIMEOUT_MS);
    times.push(applied - start);
    await quiet(stage);
  }
  configMaps.stop();
  const writes = await serviceWrites(stage, position);
  const foreign = writes.filter(({ name, resource }) => !pushed.includes(name) && resource !== 'events');
  return {
    ...series(times),
    ...gitCounts(stage),
    cpuSeconds: since(before, pids, services),
    foreignWrites: countWrites(foreign),
  };
}

/** Somebody scales a Deployment: how long until it is as in Git again? Each run with another application. */
export async function measureHeal(stage: Stage, runs: number): Promise<Series> {
  const path = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`;
  const deployments = watchSet(stage.client, path, () => true);
  await deployments.reached(stage.names.length, STEP_TIMEOUT_MS);
  const times: number[] = [];
  for (const name of spread(stage.names, runs)) {
    const start = performance.now();
    const query = { fieldManager: 'kubectl' };
    const drifted = await stage.client.patch(`${path}/${name}/scale`, { spec: { replicas: 1 } }, query);
    const newer = Number(drifted.metadata.resourceVersion);
    const healed = await deployments.matched(name, (object) => isHealed(object, newer), STEP_TIMEOUT_MS);
    times.push(healed - start);
  }
  deployments.stop();
  return series(times);
}

/** The list of all Applications, as the UI asks for it. */
export async function measureList(api: Api, runs: number): Promise<ListResult> {
  const path = '/api/v1/applications';
  const times: number[] = [];
  let bytes = await api.bytesOf(path);
  for (let run = 0; run < runs; run += 1) {
    const start = performance.now();
    bytes = await api.bytesOf(path);
    times.push(performance.now() - start);
  }
  return { ...series(times), bytes };
}

export function series(times: readonly number[]): Series {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1);
  const median = middle.reduce((sum, time) => sum + time, 0) / Math.max(1, middle.length);
  return {
    medianMs: round(median, 1),
    minMs: round(sorted[0] ?? 0, 1),
    maxMs: round(sorted.at(-1) ?? 0, 1),
    runs: times.length,
  };
}

/** `count` names, evenly spread; again from the start when there are fewer. */
export function spread(names: readonly string[], count: number): readonly string[] {
  const step = Math.max(1, Math.floor(names.length / count));
  return Array.from({ length: count }, (_, index) => names[(index * step) % names.length] ?? '');
}

function applicationsPath({ installation }: Stage): string {
  return `/apis/argoproj.io/v1alpha1/namespaces/${installation.namespace}/applications`;
}

interface ApplicationStatus {
  readonly sync?: { readonly status?: string };
  readonly health?: { readonly status?: string };
}

function isSyncedAndHealthy(object: KubeObject): boolean {
  const status = object['status'] as ApplicationStatus | undefined;
  return status?.sync?.status === 'Synced' && status.health?.status === 'Healthy';
}

/** Our own status is not believed: the objects must be there. */
async function expectObjects(stage: Stage): Promise<void> {
  const groups = ['/api/v1', '/api/v1', '/apis/apps/v1'];
  const kinds = ['configmaps', 'services', 'deployments'];
  const names = new Set(stage.names);
  const counts = await Promise.all(
    kinds.map(async (kind, index) => {
      const list = await stage.client.get<{ items: readonly KubeObject[] }>(
        `${groups[index]}/namespaces/${NAMESPACE}/${kind}`,
      );
      return list.items.filter((item) => names.has(item.metadata.name)).length;
    }),
  );
  const found = counts.reduce((sum, value) => sum + value, 0);
  const wanted = names.size * OBJECTS_PER_APPLICATION;
  if (found !== wanted) throw new Error(`all Applications are Synced, but only ${found} of ${wanted} objects exist`);
}

/** Two seconds without a write of ours. */
async function quiet(stage: Stage): Promise<void> {
  const silence = async (): Promise<void> => {
    const position = await mark(stage);
    await delay(2_000);
    const writes = await serviceWrites(stage, position);
    if (writes.length > 0) throw new Error(`${writes.length} writes within two seconds`);
  };
  await eventually(silence, { timeoutMs: STEP_TIMEOUT_MS, description: 'the services are quiet' });
}

function versionOf(object: KubeObject): string | undefined {
  return (object['data'] as Readonly<Record<string, string>> | undefined)?.['version'];
}

function isHealed(object: KubeObject, driftedVersion: number): boolean {
  const spec = object['spec'] as { readonly replicas?: number };
  return Number(object.metadata.resourceVersion) > driftedVersion && spec.replicas === 0;
}
