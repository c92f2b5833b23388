/** The two runners and the poll loop around the reconcilers. */
import type { AuthenticatedCache } from '@tiphys/cache';
import type { EventRecorder as ClusterEvents, KubeClient } from '@tiphys/cluster';
import type { LuaRuntime } from '@tiphys/lua';
import { type Application, COMPARE_LEVELS, type OperationState } from '@tiphys/model';
import type { RepoServerClient } from '@tiphys/proto';
import { createReconcilerRunner, type QueueMetrics, type RunnableQueue } from '@tiphys/queue';
import { type Logger, systemClock, type Tracer } from '@tiphys/runtime';
import { eventLabels, renderInputs, repositoryConnection } from '@tiphys/settings';
import { createAnnouncedRevisions } from './adapters/announced-revisions.js';
import { createDeployments } from './adapters/deployments.js';
import { createManifestSource } from './adapters/manifest-source.js';
import type { PublishedViews } from './adapters/resource-views.js';
import { createResourceWriter } from './adapters/resource-writer.js';
import { traced } from './application-scope.js';
import { createConfiguredHealth } from './comparison/configured-health.js';
import type { Config } from './config.js';
import { countedWriter } from './counted-writer.js';
import { createDeletionReconciler } from './deletion/reconcile.js';
import { keyOf } from './identity.js';
import type { ControllerMetrics } from './metrics.js';
import { createOperationReconciler } from './operation/reconcile.js';
import { createPollLoop } from './polling/poll-loop.js';
import type { ControllerSettings, EventRecorder } from './ports.js';
import { createHardRefreshes } from './refresh/hard-refreshes.js';
import { createRefreshReconciler } from './refresh/reconcile.js';
import { createRepoOutages } from './refresh/repo-outages.js';
import type { ComparisonMemory } from './refresh/skip-equal.js';
import type { ControllerState } from './state.js';

export interface ReconcilerDeps extends ControllerState {
  readonly config: Config;
  readonly log: Logger;
  readonly client: KubeClient;
  readonly repoServer: RepoServerClient;
  readonly refreshQueue: RunnableQueue;
  readonly operationQueue: RunnableQueue;
  readonly views: PublishedViews;
  readonly cache: AuthenticatedCache;
  readonly events: ClusterEvents;
  readonly metrics: ControllerMetrics;
  readonly refreshMetrics: QueueMetrics;
  readonly operationMetrics: QueueMetrics;
  readonly tracer: Tracer;
  readonly lua: LuaRuntime;
}

export interface RunningReconcilers {
  stop(graceMs: number): Promise<void>;
}

export async function startReconcilers(deps: ReconcilerDeps, signal: AbortSignal): Promise<RunningReconcilers> {
  const { refreshQueue, operationQueue, settings, config, log, metrics } = deps;
  const parts = reconcilerParts(deps);
  const refresh = createReconcilerRunner(refreshQueue, {
    reconcile: traced(deps, 'refresh', createRefreshReconciler(parts)),
    concurrency: config.statusProcessors,
    onStarted: deps.refreshMetrics.onStarted,
    reseed: async (reason) => {
      if (reason === 'lost') {
        deps.views.forgetAll();
        // A comparison that is skipped publishes nothing: compare everything once more.
        parts.memory.clear();
      }
      // A push that was only in Redis is gone: what the ref names is asked anew, once per repository.
      const since = reason === 'start' ? 0 : systemClock.now().getTime();
      await refreshQueue.enqueueMany(allKeys(deps.applications.list(), since));
    },
    onSettled: (key, durationMs, outcome) => {
      deps.refreshMetrics.onSettled(key, durationMs, outcome);
      const app = deps.applications.get(key);
      metrics.reconciled(durationMs, app, app === undefined ? '' : deps.destServer(app));
    },
  });
  const operation = createReconcilerRunner(operationQueue, {
    reconcile: traced(deps, 'operation', createOperationReconciler(parts)),
    concurrency: config.operationProcessors,
    onStarted: deps.operationMetrics.onStarted,
    onSettled: deps.operationMetrics.onSettled,
    reseed: async () => operationQueue.enqueueMany(unfinishedKeys(deps.applications.list())),
  });
  await Promise.all([refresh.start(), operation.start()]);
  const polls = createPollLoop({
    applications: deps.applications.list,
    manifests: parts.manifests,
    queue: refreshQueue,
    settings: () => withOverrides(settings.current().controller, config),
    clock: systemClock,
    log,
    random: Math.random,
  });
  polls.start(signal);
  return {
    async stop(graceMs) {
      polls.stop();
      await Promise.all([refresh.stop(graceMs), operation.stop(graceMs)]);
    },
  };
}

function reconcilerParts(deps: ReconcilerDeps) {
  const { settings, config, applications, clusters, projects, views, metrics } = deps;
  const repositoryFor = (url: string, project: string) => repositoryConnection({ url, project }, settings.current());
  const events: EventRecorder = {
    record: (app, event) => {
      const application = app.metadata.labels ?? {};
      const project = projects.get(app.spec.project)?.metadata.labels ?? {};
      const labels = eventLabels(settings.current().eventLabels, { application, project });
      deps.events.record({ involvedObject: app as never, ...event, labels });
    },
  };
  const shared = {
    ...{ applications, clusters, projects, views, events },
    namespace: config.namespace,
    clock: systemClock,
    writer: countedWriter(createResourceWriter(), { metrics, tracer: deps.tracer }),
    deployments: createDeployments({
      client: deps.client,
      namespace: config.namespace,
      maxBytes: config.deploymentLimitMib * 1024 * 1024,
    }),
    refreshQueue: deps.refreshQueue,
    announcedRevisions: createAnnouncedRevisions({ cache: deps.cache, log: deps.log }),
    operationQueue: deps.operationQueue,
    manifests: createManifestSource({
      client: deps.repoServer,
      repositoryFor,
      renderInputs: (project) => renderInputs(projects.get(project), settings.current()),
    }),
    settings: () => settings.current().controller,
    configuredHealth: createConfiguredHealth({ lua: deps.lua, scripts: () => settings.current().healthScripts }),
  };
  return {
    ...shared,
    predictions: new Map(),
    versions: new Map(),
    waveTimes: new Map(),
    memory: new Map() as ComparisonMemory,
    hardRefreshes: createHardRefreshes(systemClock),
    repoOutages: createRepoOutages(systemClock),
    projectRepositories: (project: string) =>
      settings
        .current()
        .repositories.filter((repository) => repository.project === project)
        .map(({ url }) => url),
    reconcileDeletion: createDeletionReconciler(shared),
    onFinished: (app: Application, state: OperationState) =>
      metrics.operationFinished(app, state, deps.destServer(app)),
  };
}

/** A setting of the process wins over the ConfigMap, as Argo CD's environment does (D11). */
function withOverrides(settings: ControllerSettings, { syncWaveDelaySeconds }: Config): ControllerSettings {
  return syncWaveDelaySeconds === undefined ? settings : { ...settings, waveDelayMs: syncWaveDelaySeconds * 1_000 };
}

/** Everything once more, with the newest revision known: after a start, a lost or a broken connection to Redis. */
function allKeys(apps: readonly Application[], since: number) {
  const request = { level: COMPARE_LEVELS.indexOf('latest'), hardness: 0, since };
  return apps.map((app) => ({ key: keyOf(app), priority: 'periodic' as const, request }));
}

function unfinishedKeys(apps: readonly Application[]) {
  const unfinished = apps.filter((app) => app.operation !== undefined || app.metadata.deletionTimestamp !== undefined);
  return unfinished.map((app) => ({ key: keyOf(app), priority: 'dependency' as const }));
}
