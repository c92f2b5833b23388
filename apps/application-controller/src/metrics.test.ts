import type { Application } from '@tiphys/model';
import { createMetrics } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import { registerStateMetrics } from './application-metrics.js';
import { createControllerMetrics, describeRequest } from './metrics.js';
import type { DestinationCluster } from './ports.js';
import { application, NOW, operationState, SERVER, specOf } from './testing/builders.js';
import { recordingQueue } from './testing/recording-ports.js';

/** Samples of our metrics, without those of the process. */
async function scrape(
  set: (metrics: ReturnType<typeof createMetrics>) => void,
  name: string,
): Promise<readonly string[]> {
  const metrics = createMetrics({ processMetrics: false });
  set(metrics);
  const lines = (await metrics.render()).split('\n');
  return lines.filter((line) => line.startsWith(`${name}{`));
}

const counted =
  (set: (metrics: ReturnType<typeof createControllerMetrics>) => void) =>
  (metrics: Parameters<typeof createControllerMetrics>[0]) =>
    set(createControllerMetrics(metrics, { refreshQueue: recordingQueue(), operationQueue: recordingQueue() }));

const CLUSTER = {
  ...{ server: SERVER, name: 'prod' },
  cache: {
    unreadable: () => new Map(),
    discovery: { kubeVersion: 'v1.36.1' },
    stats: { resources: 7, watches: 3, lastEventAt: undefined },
  },
} as unknown as DestinationCluster;

const shown =
  (apps: readonly Application[], more: { labels?: string[]; conditions?: string[] } = {}) =>
  (metrics: Parameters<typeof registerStateMetrics>[0]) =>
    registerStateMetrics(metrics, {
      applications: () => apps,
      clusters: () => [CLUSTER],
      labels: [],
      conditions: [],
      ...more,
    });

describe('argocd_app_info (M01)', () => {
  it.each<{ name: string; app: Application; has: readonly string[] }>([
    {
      name: 'shows what an application is and how it does',
      app: application({
        spec: specOf({ syncPolicy: { automated: {} } }),
        status: { sync: { status: 'OutOfSync' }, health: { status: 'Degraded' } },
      }),
      has: [
        ...['namespace="argocd"', 'name="guestbook"', 'project="default"', 'autosync_enabled="true"', 'operation=""'],
        ...['repo="https://git.test/repo.git"', `dest_server="${SERVER}"`, 'dest_namespace="web"'],
        ...['sync_status="OutOfSync"', 'health_status="Degraded"'],
      ],
    },
    {
      name: 'is Unknown before the first comparison',
      app: application(),
      has: ['sync_status="Unknown"', 'health_status="Unknown"'],
    },
    { name: 'shows a running sync', app: application({ operation: { sync: {} } }), has: ['operation="sync"'] },
    {
      name: 'shows a deletion',
      app: application({ metadata: { deletionTimestamp: NOW } }),
      has: ['operation="delete"'],
    },
    {
      name: 'shows automated sync that is switched off',
      app: application({ spec: specOf({ syncPolicy: { automated: { enabled: false } } }) }),
      has: ['autosync_enabled="false"'],
    },
  ])('$name', async ({ app, has }) => {
    const [line, ...others] = await scrape(shown([app]), 'argocd_app_info');
    expect(others).toEqual([]);
    for (const label of has) expect(line).toContain(label);
  });

  it('forgets applications that are gone', async () => {
    const metrics = createMetrics({ processMetrics: false });
    let apps = [application()];
    registerStateMetrics(metrics, { applications: () => apps, clusters: () => [], labels: [], conditions: [] });
    expect(await metrics.render()).toContain('argocd_app_info{');
    apps = [];
    expect(await metrics.render()).not.toContain('argocd_app_info{');
  });
});

describe('metrics that are asked for (M02)', () => {
  it('argocd_app_labels shows the named labels', async () => {
    const app = application({ metadata: { labels: { 'team.example/name': 'blue', other: 'x' } } });
    const [line] = await scrape(shown([app], { labels: ['team.example/name'] }), 'argocd_app_labels');
    expect(line).toContain('label_team_example_name="blue"');
    expect(line).not.toContain('other');
  });

  it('argocd_app_condition counts the named types', async () => {
    const conditions = (['SyncError', 'ComparisonError', 'SyncError'] as const).map((type) => ({
      type,
      message: type,
    }));
    const lines = await scrape(
      shown([application({ status: { conditions } })], { conditions: ['SyncError'] }),
      'argocd_app_condition',
    );
    expect(lines).toEqual([expect.stringMatching(/condition="SyncError".* 2$/)]);
  });
});

describe('metrics of clusters', () => {
  it.each([
    ['argocd_cluster_info', 'k8s_version="v1.36.1"', 1],
    ['argocd_cluster_connection_status', `server="${SERVER}"`, 1],
    ['argocd_cluster_api_resources', `server="${SERVER}"`, 3],
    ['argocd_cluster_api_resource_objects', `server="${SERVER}"`, 7],
  ])('%s', async (name, label, value) => {
    const [line] = await scrape(shown([]), name);
    expect(line).toContain(label);
    expect(line).toMatch(new RegExp(` ${value}$`));
  });
});

describe('what is counted', () => {
  it('a finished sync with its duration', async () => {
    const state = operationState({ phase: 'Succeeded', finishedAt: '2026-01-01T00:00:05Z' });
    const set = counted((metrics) => metrics.operationFinished(application(), state));
    expect(await scrape(set, 'argocd_app_sync_total')).toEqual([
      expect.stringMatching(/phase="Succeeded",dry_run="false".* 1$/),
    ]);
    expect(await scrape(set, 'argocd_app_sync_duration_seconds_total')).toEqual([expect.stringMatching(/ 5$/)]);
  });

  it.each([
    ['GET', '/apis/apps/v1/namespaces/web/deployments/x', { kind: 'deployments', namespace: 'web', verb: 'Get' }],
    ['GET', '/apis/apps/v1/deployments?limit=500', { kind: 'deployments', namespace: '', verb: 'List' }],
    ['GET', '/api/v1/pods?watch=1&resourceVersion=1', { kind: 'pods', namespace: '', verb: 'Watch' }],
    [
      'PATCH',
      '/api/v1/namespaces/web/configmaps/a?force=true',
      { kind: 'configmaps', namespace: 'web', verb: 'Patch' },
    ],
    ['GET', '/api/v1/namespaces/web', { kind: 'namespaces', namespace: '', verb: 'Get' }],
    ['GET', '/version', { kind: 'Unknown', namespace: '', verb: 'List' }],
  ])('%s %s', (method, path, expected) => {
    expect(describeRequest({ method, path })).toEqual(expected);
  });
});
