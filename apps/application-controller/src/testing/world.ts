/** Both reconcilers over ports in memory: one application, one repository, one cluster, a project that permits everything. */

import type { LuaRuntime } from '@tiphys/lua';
import { type Application, type AppProject, type KubernetesObject } from '@tiphys/model';
import type { PendingRequest } from '@tiphys/queue';
import { fakeClock } from '@tiphys/runtime';
import type { HealthScript } from '@tiphys/settings';
import { type ConfiguredHealth, createConfiguredHealth } from '../comparison/configured-health.js';
import { createOperationReconciler, type OperationDeps } from '../operation/reconcile.js';
import type { ControllerSettings, RenderedManifests } from '../ports.js';
import { createHardRefreshes } from '../refresh/hard-refreshes.js';
import { createRefreshReconciler, type RefreshDeps } from '../refresh/reconcile.js';
import { createRepoOutages } from '../refresh/repo-outages.js';
import { NAMESPACE, SETTINGS } from './builders.js';
import { memoryApplications } from './memory-applications.js';
import { memoryCluster } from './memory-cluster.js';
import {
  fixedManifests,
  memoryAnnouncements,
  memoryDeployments,
  recordingEvents,
  recordingQueue,
  recordingViews,
} from './recording-ports.js';

export const KEY = 'argocd/guestbook';
export const PERMISSIVE: AppProject = {
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'default' } },
  spec: {
    sourceRepos: ['*'],
    destinations: [{ server: '*', namespace: '*' }],
    clusterResourceWhitelist: [{ group: '*', kind: '*' }],
  },
};

export interface WorldOptions {
  readonly git?: readonly KubernetesObject[];
  readonly live?: readonly KubernetesObject[];
  readonly project?: AppProject | undefined;
  readonly pending?: PendingRequest;
  readonly settings?: Partial<ControllerSettings>;
  readonly healthScripts?: readonly HealthScript[];
  readonly lua?: LuaRuntime;
}

const NO_LUA: LuaRuntime = {
  evaluate: async () => ({ ok: false, reason: 'crashed', message: 'this test has no Lua' }),
  stop: async () => undefined,
};

/** Health checks of the administrator: none unless given. */
export function configuredHealth({ healthScripts = [], lua = NO_LUA }: WorldOptions = {}): ConfiguredHealth {
  return createConfiguredHealth({ lua, scripts: () => healthScripts });
}

/** `refresh` and `operate` are one turn each. */
export function world(app: Application | undefined, options: WorldOptions = {}) {
  const { signal } = new AbortController();
  const cluster = memoryCluster(...(options.live ?? []));
  const applications = memoryApplications(...(app === undefined ? [] : [app]));
  const manifests = fixedManifests(rendering(options.git ?? []));
  const project = 'project' in options ? options.project : PERMISSIVE;
  const clock = fakeClock();
  const parts = {
    ...{ applications, cluster, manifests },
    clock,
    refreshQueue: recordingQueue(options.pending),
    operationQueue: recordingQueue(),
    deployments: memoryDeployments(),
    views: recordingViews(),
    events: recordingEvents(),
    memory: new Map<string, string>(),
    hardRefreshes: createHardRefreshes(clock),
    repoOutages: createRepoOutages(clock),
    announcedRevisions: memoryAnnouncements(),
    deletions: [] as string[],
    finished: [] as string[],
  };
  const deps: RefreshDeps & OperationDeps = {
    ...{ ...parts, clusters: cluster.clusters, writer: cluster.writer },
    ...{ predictions: new Map(), versions: new Map(), waveTimes: new Map(), namespace: NAMESPACE },
    settings: () => ({ ...SETTINGS, ...options.settings }),
    projects: { get: (name) => (name === 'default' ? project : undefined) },
    projectRepositories: () => [],
    configuredHealth: configuredHealth(options),
    onFinished: (_, { phase }) => void parts.finished.push(phase),
    reconcileDeletion: async ({ metadata }) => {
      parts.deletions.push(metadata.name ?? '');
      return { kind: 'done' };
    },
  };
  return {
    ...{ ...parts, deps },
    /** The application as the API server has it. */
    app: () => applications.get(KEY),
    refresh: () => createRefreshReconciler(deps)(KEY, signal),
    operate: () => createOperationReconciler(deps)(KEY, signal),
    commit: (objects: readonly KubernetesObject[], more: Partial<RenderedManifests> = {}) => {
      manifests.answer = { ...(fixedManifests().answer as RenderedManifests), ...rendering(objects), ...more };
    },
  };
}

function rendering(objects: readonly KubernetesObject[]): Pick<RenderedManifests, 'targets' | 'manifestHash'> {
  return {
    targets: objects.map((object) => ({ object, origin: 'a.yaml', sourceIndex: 0 })),
    manifestHash: JSON.stringify(objects),
  };
}
