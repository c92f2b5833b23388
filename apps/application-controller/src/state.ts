/** What the controller knows of the world: applications, projects, settings and destination clusters, all by watch. */
import { type ClusterConnection, createInformer, type KubeClient, RESOURCES } from '@tiphys/cluster';
import { type Application, type AppProject, appKey, COMPARE_LEVELS } from '@tiphys/model';
import type { Enqueue, KeyedQueue } from '@tiphys/queue';
import type { Lifecycle, Logger } from '@tiphys/runtime';
import { createApplicationStore } from './adapters/application-store.js';
import { createClusters } from './adapters/clusters.js';
import { createSettingsSource, type SettingsSource } from './adapters/settings-source.js';
import type { Config } from './config.js';
import { clusterCacheFactory, knownClusters } from './destination-caches.js';
import type { ApplicationStore, Clusters, ProjectReader } from './ports.js';
import { triggersOf } from './triggers/application-changes.js';

export interface StateDeps {
  readonly config: Config;
  readonly log: Logger;
  readonly client: KubeClient;
  readonly home: ClusterConnection;
  readonly refreshQueue: KeyedQueue;
  readonly operationQueue: KeyedQueue;
}

export interface ControllerState {
  readonly applications: ApplicationStore;
  readonly projects: ProjectReader;
  readonly settings: SettingsSource;
  readonly clusters: Clusters;
}

/** Resolves when applications, projects and settings were listed once. Clusters start when an application needs them. */
export async function startState(deps: StateDeps, { signal, onStop }: Lifecycle): Promise<ControllerState> {
  const { config, client, log } = deps;
  const { namespace } = config;
  const enqueueRefresh = enqueuer(deps.refreshQueue, log);
  const enqueueOperation = enqueuer(deps.operationQueue, log);
  const applications = createInformer<Application>({
    client,
    resource: RESOURCES.applications,
    namespace,
    log,
    transform: (object) => object as unknown as Application,
    onChange: (_, current, previous) => {
      const { refresh, operation } = triggersOf({ current, previous });
      if (refresh !== undefined) enqueueRefresh([refresh]);
      if (operation !== undefined) enqueueOperation([operation]);
    },
  });
  const refreshAll = (matches: (app: Application) => boolean): void => {
    const keys = applications.list().filter(matches).map((app) => appKey(app.metadata.namespace ?? '', app.metadata.name ?? ''));
    enqueueRefresh(keys.map((key) => ({ key, priority: 'dependency', request: { level: COMPARE_LEVELS.indexOf('latest'), hardness: 0, since: 0 } })));
  };
  const projects = createInformer<AppProject>({
    client,
    resource: RESOURCES.appProjects,
    namespace,
    log,
    transform: (object) => object as unknown as AppProject,
    onChange: (_, current, previous) => {
      if (JSON.stringify(current?.spec) === JSON.stringify(previous?.spec)) return;
      const name = (current ?? previous)?.metadata.name;
      refreshAll((app) => app.spec.project === name);
    },
  });
  const settings = createSettingsSource({ client, namespace, log, onChange: () => refreshAll(() => true) });
  const createCache = clusterCacheFactory({
    settings: settings.current,
    home: deps.home,
    homeClient: client,
    namespace,
    connections: config.kubeConnections,
    enqueue: enqueueRefresh,
    log,
  });
  const clusters = createClusters({ known: () => knownClusters(settings.current()), createCache, log, signal });
  onStop('clusters', () => clusters.stop());
  onStop('watches', async () => {
    await Promise.all([applications.stop(), projects.stop(), settings.stop()]);
  });
  await settings.start(signal);
  await projects.start(signal);
  await applications.start(signal);
  return { applications: createApplicationStore(client, applications), projects: { get: (name) => projects.get(namespace, name) }, settings, clusters };
}

/** Entries of one moment go out as one batch. A lost Redis loses nothing: the runner's re-seed enqueues everything. */
function enqueuer(queue: KeyedQueue, log: Logger): (entries: readonly Enqueue[]) => void {
  let batch: Enqueue[] = [];
  const flush = (): void => {
    const entries = batch;
    batch = [];
    queue.enqueueMany(entries).catch((error: unknown) => log.warn('enqueue failed; the next re-seed makes up for it', { count: entries.length, error }));
  };
  return (entries) => {
    if (entries.length === 0) return;
    if (batch.length === 0) setImmediate(flush);
    batch.push(...entries);
  };
}
