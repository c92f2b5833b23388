import type { Application } from '@tiphys/model';
import { createMetrics } from '@tiphys/runtime';
import { describe, expect, it } from 'vitest';
import { registerStateMetrics } from './application-metrics.js';
import { registerClusterMetrics } from './cluster-metrics.js';
import { createControllerMetrics } from './metrics.js';
import type { ClusterState } from './ports.js';
import { application, NOW, operationState, SERVER, specOf } from './testing/builders.js';

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
    set(createControllerMetrics(metrics));

const shown =
  (apps: readonly Application[], more: { labels?: string[]; conditions?: string[] } = {}) =>
  (metrics: Parameters<typeof registerStateMetrics>[0]) =>
    registerStateMetrics(metrics, {
      applications: () => apps,
      destServer: () => SERVER,
      orphans: () => undefined,
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
    const none = { destServer: () => '', orphans: () => undefined, labels: [], conditions: [] };
    registerStateMetrics(metrics, { applications: () => apps, ...none });
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
  const base = { server: SERVER, name: 'prod', message: '', kubeVersion: '', cache: undefined, attemptedAt: 1 };
  const states: ClusterState[] = [
    { ...base, status: 'Failed', syncedAt: undefined },
    { ...base, server: 'https://idle', status: 'Unknown', syncedAt: undefined },
    { ...base, server: 'https://partly', status: 'Degraded', syncedAt: Date.now() - 61_000 },
  ];
  const options = { clusters: () => states, labelsOf: () => ({}), labels: [] };

  it.each([
    [
      'argocd_cluster_connection_status',
      [`server="${SERVER}",k8s_version=""} 0`, 'server="https://partly",k8s_version=""} 1'],
    ],
    ['argocd_cluster_cache_age_seconds', [`server="${SERVER}"} -1`, 'server="https://partly"} 61']],
  ])(
    '%s tells those that answer from those that do not, and leaves out the ones that nobody needs',
    async (name, expected) => {
      const lines = await scrape((metrics) => registerClusterMetrics(metrics, options), name);
      expect(lines).toEqual(expected.map((end) => `${name}{${end}`));
    },
  );
});

describe('what is counted', () => {
  it('a finished sync with its duration', async () => {
    const state = operationState({ phase: 'Succeeded', finishedAt: '2026-01-01T00:00:05Z' });
    const set = counted((metrics) => metrics.operationFinished(application(), state, SERVER));
    expect(await scrape(set, 'argocd_app_sync_total')).toEqual([
      expect.stringMatching(/phase="Succeeded",dry_run="false".* 1$/),
    ]);
    expect(await scrape(set, 'argocd_app_sync_duration_seconds_total')).toEqual([expect.stringMatching(/ 5$/)]);
  });
});
