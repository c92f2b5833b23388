/** What the running services show of themselves: metrics, traces, health, state of clusters (M01-M04, M07, M10, H06). */
import { eventually, metricSamples, metricShapes, otlpAttributes, startOtlpCollector } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, deploy } from './support/application.js';
import { configMap, yaml } from './support/manifests.js';
import { useSite } from './support/site.js';

const collector = await startOtlpCollector();
afterAll(() => collector.stop());
const site = useSite('monitoring', { env: { TIPHYS_OTLP_ADDRESS: collector.url } });
let app: App;
beforeAll(async () => {
  app = await deploy(site(), { files: { 'all.yaml': yaml(configMap('a', { b: 'c' })) } });
  await app.is('Synced');
});

type Service = 'api-server' | 'application-controller' | 'repo-server';
const ask = async (service: Service, path: string) => {
  const answer = await fetch(`${site().installation.service(service).opsUrl}${path}`);
  return { status: answer.status, text: await answer.text() };
};

describe('the services', () => {
  it.each([
    [
      'application-controller',
      ['argocd_app_info', 'argocd_app_reconcile', 'argocd_app_sync_total', 'argocd_kubectl_exec_total'],
    ],
    [
      'application-controller',
      ['argocd_cluster_info', 'argocd_cluster_connection_status', 'workqueue_depth', 'argocd_info'],
    ],
    [
      'application-controller',
      ['argocd_app_k8s_request_total', 'argocd_kubectl_requests_total', 'argocd_redis_request_total'],
    ],
    [
      'repo-server',
      ['argocd_git_request_total', 'argocd_redis_request_total', 'grpc_server_handled_total', 'argocd_info'],
    ],
    [
      'api-server',
      ['argocd_login_request_total', 'grpc_server_handled_total', 'argocd_kubectl_requests_total', 'argocd_info'],
    ],
  ] as const)('%s has samples of %s', async (service, names) => {
    const { text } = await ask(service, '/metrics');
    const shapes = metricShapes(text);
    expect(names.filter((name) => shapes[name] === undefined || metricSamples(text, name).length === 0)).toEqual([]);
  });

  it('count requests to the API server for the application that they are for', async () => {
    const { text } = await ask('application-controller', '/metrics');
    const patches = metricSamples(text, 'argocd_app_k8s_request_total').filter((line) =>
      line.includes(`name="${app.name}"`),
    );
    expect(patches.some((line) => line.includes('resource_kind="configmaps"') && line.includes('verb="Patch"'))).toBe(
      true,
    );
  });

  it('are healthy in full', async () => {
    for (const service of ['api-server', 'application-controller'] as const) {
      expect(await ask(service, '/healthz?full=true')).toEqual({ status: 200, text: 'ok kubernetes\n' });
    }
    expect((await fetch(`${site().installation.apiUrl}/healthz?full=true`)).status).toBe(200);
  });

  it('say what the controller sees of a cluster', async () => {
    await eventually(
      async () => {
        const { items } = await site().api.get<{ items: readonly object[] }>('/api/v1/clusters');
        expect(items).toMatchObject([
          {
            connectionState: { status: 'Successful' },
            serverVersion: expect.stringMatching(/^1\.\d+$/) as string,
            info: { applicationsCount: 1, cacheInfo: { resourcesCount: expect.any(Number) as number } },
          },
        ]);
      },
      { timeoutMs: 30_000 },
    );
  });

  it('make one trace of a comparison: the controller, its call, the render and what Git was asked', async () => {
    const find = () => {
      const spans = collector.spans();
      const render = spans.find(
        ({ name, attributes }) => name === 'render' && otlpAttributes(attributes)['source.cached'] === false,
      );
      const trace = spans.filter(({ traceId }) => traceId === render?.traceId).map(({ name }) => name);
      expect(trace).toEqual(
        expect.arrayContaining([
          'reconcile refresh',
          'tiphys.reposerver.v1.RepoServerService/GenerateManifests',
          'render',
        ]),
      );
      expect(spans.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['apply', 'git fetch', 'reconcile operation']),
      );
    };
    await eventually(async () => find(), { timeoutMs: 30_000 });
  });
});
