/** What the controller knows of the world: applications, projects, settings and destination clusters, all by watch. */
import {
  type ClusterConnection,
  createInformer,
  type Informer,
  type KubeClient,
  RESOURCES,
  type SettingsReport,
} from '@tiphys/cluster';
import { applicationNamespaceTest, createEffectiveProjects, type EffectiveProjects } from '@tiphys/gitops-engine';
import {
  ANNOTATIONS,
  type Application,
  type AppProject,
  COMPARE_LEVELS,
  DEFAULT_PROJECT,
  parseAppKey,
} from '@tiphys/model';
import type { Enqueue, KeyedQueue } from '@tiphys/queue';
import type { Lifecycle, Logger } from '@tiphys/runtime';
import { createApplicationStore } from './adapters/application-store.js';
import { createClusters } from './adapters/clusters.js';
import { createDeploymentSweep } from './adapters/deployment-sweep.js';
import { createSettingsSource, type SettingsSource } from './adapters/settings-source.js';
import type { Config } from './config.js';
import { createProjectGuard, projectOf } from './deletion/project-guard.js';
import { clusterCacheFactory, knownClusters } from './destination-caches.js';
import { keyOf } from './identity.js';
import type { ControllerMetrics } from './metrics.js';
import type { ObserveClients } from './observe-clients.js';
import type { ApplicationStore, ClusterState, Clusters, ProjectReader } from './ports.js';
import { triggersOf } from './triggers/application-changes.js';

export interface StateDeps {
  readonly config: Config;
  readonly log: Logger;
  readonly client: KubeClient;
  readonly home: ClusterConnection;
  readonly refreshQueue: KeyedQueue;
  readonly operationQueue: KeyedQueue;
  readonly metrics: ControllerMetrics;
  readonly settingsReport: Pick<SettingsReport, 'report'>;
  readonly observe: ObserveClients;
}

export interface ControllerState {
  readonly applications: ApplicationStore;
  readonly projects: ProjectReader;
  readonly settings: SettingsSource;
  readonly clusters: Clusters;
  /** Of every registered cluster. */
  readonly clusterStates: () => readonly ClusterState[];
  /** Address of the cluster that an Application is deployed to, also where it names it. */
  readonly destServer: (app: Application) => string;
}

/** Resolves when applications, projects and settings were listed once. Clusters start when an application needs them. */
export async function startState(deps: StateDeps, { signal, onStop }: Lifecycle): Promise<ControllerState> {
  const { client, log, settingsReport: report } = deps;
  const { namespace, kubeConnections } = deps.config;
  const enqueueRefresh = enqueuer(deps.refreshQueue, log);
  const enqueueOperation = enqueuer(deps.operationQueue, log);
  const settings = createSettingsSource({ client, namespace, log, report, onChange: () => lookAgain(() => true) });
  onStop('settings', () => settings.stop());
  await settings.start(signal);
  const { applicationNamespaces: furtherNamespaces } = settings.current();
  const deployments = createDeploymentSweep({ client, namespace, log });
  const applications = applicationInformer(deps, {
    ...{ enqueueRefresh, enqueueOperation },
    onLeft: (project) => void guard.look(project),
    onGone: ({ metadata }) => {
      if (metadata.namespace !== namespace) void deployments.sweep(signal, metadata.uid);
    },
    furtherNamespaces,
  });
  const lookAgain = wakeUp(applications.list, { enqueueRefresh, enqueueOperation });
  const projects = projectInformer(deps, {
    onChange: (name) => void guard.look(name),
    onDecisions: (name) => lookAgain((app) => effective.dependsOn(projectOf(app), name)),
  });
  const effective = effectiveProjects((name) => projects.get(namespace, name), settings);
  const listed = { done: false };
  const guard = createProjectGuard({
    applications: () => (listed.done ? applications.list() : undefined),
    project: (name) => projects.get(namespace, name),
    setFinalizers: (project, finalizers) => setFinalizers(client, project, { finalizers, signal }),
    log,
  });
  const createCache = clusterCacheFactory({
    settings: settings.current,
    home: deps.home,
    homeClient: client,
    namespace,
    connections: kubeConnections,
    ...{ metrics: deps.metrics, observe: deps.observe },
    enqueue: (entries) => {
      enqueueRefresh(entries);
      enqueueOperation(entries.filter(({ key }) => isWaiting(applications.get(...scopedName(key)))));
    },
    log,
  });
  const clusters = createClusters({ known: () => knownClusters(settings.current()), createCache, log, signal });
  for (const part of [clusters, applications, projects]) onStop('watch', () => part.stop());
  await projects.start(signal);
  await applications.start(signal);
  listed.done = true;
  if (furtherNamespaces.length > 0) void deployments.sweep(signal);
  for (const { metadata } of projects.list()) void guard.look(metadata.name ?? '');
  return {
    applications: createApplicationStore(client, applications),
    projects: { get: (name) => effective.get(name === '' ? DEFAULT_PROJECT : name) },
    settings,
    clusters,
    clusterStates: clusters.states,
    destServer: destServerOf(clusters),
  };
}

function effectiveProjects(get: (name: string) => AppProject | undefined, settings: SettingsSource): EffectiveProjects {
  const { current } = settings;
  return createEffectiveProjects({
    get,
    globalProjects: () => current().globalProjects,
    clusters: () => current().clusters,
  });
}

function destServerOf(clusters: Clusters): ControllerState['destServer'] {
  return ({ spec: { destination } }) => clusters.identify(destination)?.server ?? destination.server ?? '';
}

type Enqueuer = (entries: readonly Enqueue[]) => void;

/**
 * Everything about the applications is looked at again: what an operation waits for may be in a project (sync windows) or
 * in the settings (a paused cluster).
 */
function wakeUp(
  applications: () => readonly Application[],
  { enqueueRefresh, enqueueOperation }: Pick<ApplicationEvents, 'enqueueRefresh' | 'enqueueOperation'>,
): (matches: (app: Application) => boolean) => void {
  const request = { level: COMPARE_LEVELS.indexOf('latest'), hardness: 0, since: 0 };
  return (matches) => {
    const found = applications().filter(matches);
    enqueueRefresh(found.map((app) => ({ key: keyOf(app), priority: 'dependency', request })));
    const waiting = found.filter((app) => app.operation !== undefined);
    enqueueOperation(waiting.map((app) => ({ key: keyOf(app), priority: 'dependency' })));
  };
}

interface ApplicationWatch extends ApplicationEvents {
  /** Globs and expressions of namespaces beside the control plane's (A31), as they were at the start. */
  readonly furtherNamespaces: readonly string[];
}

interface ApplicationEvents {
  readonly enqueueRefresh: Enqueuer;
  readonly enqueueOperation: Enqueuer;
  /** An application that named this project no longer does, or is gone. */
  readonly onLeft: (project: string) => void;
  readonly onGone: (app: Application) => void;
}

function applicationInformer(
  deps: StateDeps,
  { enqueueRefresh, enqueueOperation, onLeft, onGone, furtherNamespaces }: ApplicationWatch,
): Informer<Application> {
  const home = deps.config.namespace;
  const isLookedAfter = applicationNamespaceTest(home, furtherNamespaces);
  return createInformer<Application>({
    client: deps.client,
    resource: RESOURCES.applications,
    namespace: furtherNamespaces.length === 0 ? home : undefined,
    accepts: ({ metadata }) => isLookedAfter(metadata.namespace ?? ''),
    log: deps.log,
    transform: (object) => object as unknown as Application,
    onChange: (_, current, previous) => {
      const { refresh, operation } = triggersOf({ current, previous });
      if (refresh !== undefined) enqueueRefresh([refresh]);
      if (operation !== undefined) enqueueOperation([operation]);
      if (current === undefined && previous !== undefined) onGone(previous);
      const left = previous === undefined ? undefined : projectOf(previous);
      if (left !== undefined && (current === undefined || projectOf(current) !== left)) onLeft(left);
    },
  });
}

interface ProjectEvents {
  readonly onChange: (name: string) => void;
  /** Something changed that decisions about its applications depend on. */
  readonly onDecisions: (name: string) => void;
}

function projectInformer(deps: StateDeps, { onChange, onDecisions }: ProjectEvents): Informer<AppProject> {
  return createInformer<AppProject>({
    client: deps.client,
    resource: RESOURCES.appProjects,
    namespace: deps.config.namespace,
    log: deps.log,
    transform: (object) => object as unknown as AppProject,
    onChange: (_, current, previous) => {
      const { name = '' } = (current ?? previous)?.metadata ?? {};
      onChange(name);
      if (JSON.stringify(decisionsOf(current)) !== JSON.stringify(decisionsOf(previous))) onDecisions(name);
    },
  });
}

async function setFinalizers(
  client: KubeClient,
  { metadata }: AppProject,
  { finalizers, signal }: { readonly finalizers: readonly string[]; readonly signal: AbortSignal },
): Promise<void> {
  const { name = '', namespace = '', resourceVersion } = metadata;
  const target = { resource: RESOURCES.appProjects, namespace, name, type: 'merge' } as const;
  const patch = { metadata: { finalizers, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
  await client.patch(target, patch, { fieldManager: 'tiphys-application-controller', signal });
}

/** What of a project changes decisions about its applications. */
function decisionsOf(project: AppProject | undefined): readonly unknown[] {
  const { annotations } = project?.metadata ?? {};
  return [project?.spec, annotations?.[ANNOTATIONS.pruneLimit], annotations?.[ANNOTATIONS.cascadeLimit]];
}

/** An operation that has recorded progress waits for something; live changes may be what it waits for. */
function isWaiting(app: Application | undefined): boolean {
  return app?.operation !== undefined && app.status?.operationState?.syncResult?.resources !== undefined;
}

function scopedName(key: string): readonly [string, string] {
  const { namespace, name } = parseAppKey(key);
  return [namespace, name];
}

/** Entries of one moment go out as one batch. A lost Redis loses nothing: the runner's re-seed enqueues everything. */
function enqueuer(queue: KeyedQueue, log: Logger): Enqueuer {
  let batch: Enqueue[] = [];
  const flush = (): void => {
    const entries = batch;
    batch = [];
    queue
      .enqueueMany(entries)
      .catch((error: unknown) =>
        log.warn('enqueue failed; the next re-seed makes up for it', { count: entries.length, error }),
      );
  };
  return (entries) => {
    if (entries.length === 0) return;
    if (batch.length === 0) setImmediate(flush);
    batch.push(...entries);
  };
}
