/** What the chart renders for logs, traces and monitoring (M02, M07, M08, M10). */
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { KubernetesObject } from '@tiphys/model';
import { parseManifests } from '@tiphys/model/yaml';
import { toolPath } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const run = promisify(execFile);

async function render(...values: readonly string[]): Promise<readonly KubernetesObject[]> {
  const sets = values.flatMap((value) => ['--set', value]);
  const args = ['template', 'tiphys', `${ROOT}charts/tiphys`, '-n', 'argocd', '--kube-version', 'v1.36.1', ...sets];
  const { stdout } = await run(toolPath('helm'), args, { maxBuffer: 64 * 1024 * 1024 });
  return parseManifests(stdout, { origin: 'helm template' }).map(({ object }) => object);
}

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly configMapKeyRef: { readonly name: string; readonly key: string; readonly optional: boolean };
  };
}
interface Workload {
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containers: readonly {
          readonly env?: readonly Variable[];
          readonly ports: readonly { readonly name: string }[];
        }[];
      };
    };
  };
}

/** Variable to key of argocd-cmd-params-cm. */
function parametersOf(objects: readonly KubernetesObject[], name: string): Readonly<Record<string, string>> {
  const found = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name);
  const [container] = (found as unknown as Workload).spec.template.spec.containers;
  const references = (container?.env ?? []).flatMap(({ name: variable, valueFrom }) => {
    const reference = valueFrom?.configMapKeyRef;
    if (reference === undefined) return [];
    expect(reference).toMatchObject({ name: 'argocd-cmd-params-cm', optional: true });
    return [[variable, reference.key] as const];
  });
  return Object.fromEntries(references);
}

const OTLP = ['ADDRESS', 'INSECURE', 'HEADERS', 'ATTRS', 'SAMPLE_RATIO'];
const common = (variable: string, key: string) => ({
  [`${variable}_LOGLEVEL`]: `${key}.log.level`,
  [`${variable}_LOGFORMAT`]: `${key}.log.format`,
  ARGOCD_LOG_FORMAT_TIMESTAMP: 'log.format.timestamp',
  ...Object.fromEntries(
    OTLP.map((name) => [`${variable}_OTLP_${name}`, `otlp.${name.toLowerCase().replace('_', '.')}`]),
  ),
});

describe('settings of argocd-cmd-params-cm reach the services by Argo CD’s variables', () => {
  it.each([
    ['tiphys-api-server', common('ARGOCD_SERVER', 'server')],
    ['tiphys-repo-server', common('ARGOCD_REPO_SERVER', 'reposerver')],
    [
      'tiphys-application-controller',
      {
        ...common('ARGOCD_APPLICATION_CONTROLLER', 'controller'),
        ARGOCD_APPLICATION_CONTROLLER_METRICS_APPLICATION_LABELS: 'controller.metrics.application.labels',
        ARGOCD_APPLICATION_CONTROLLER_METRICS_APPLICATION_CONDITIONS: 'controller.metrics.application.conditions',
        ARGOCD_APPLICATION_CONTROLLER_METRICS_CLUSTER_LABELS: 'controller.metrics.cluster.labels',
        ARGOCD_APPLICATION_CONTROLLER_METRICS_CACHE_EXPIRATION: 'controller.metrics.cache.expiration',
      },
    ],
  ])('%s', async (name, expected) => {
    const objects = await render();
    expect(parametersOf(objects, name)).toMatchObject(expected);
    const text = JSON.stringify(objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === name));
    expect(text).not.toContain('TIPHYS_LOG_LEVEL');
  });

  it('a value of the chart wins for all services', async () => {
    const objects = await render('log.level=debug', 'log.format=text');
    const levels = objects.filter((object) =>
      JSON.stringify(object).includes('{"name":"TIPHYS_LOG_LEVEL","value":"debug"}'),
    );
    expect(levels.map(({ metadata }) => metadata.name)).toHaveLength(3);
  });
});

describe('Prometheus Operator and Grafana', () => {
  const SERVICES = ['tiphys-api-server', 'tiphys-application-controller', 'tiphys-repo-server'];

  it('get nothing by default', async () => {
    const kinds = (await render()).map(({ kind }) => kind);
    expect(kinds).not.toContain('ServiceMonitor');
    expect(kinds).not.toContain('PodMonitor');
  });

  it.each([
    ['ServiceMonitor', 'serviceMonitor', 'endpoints', 'metrics', 'Service'],
    ['PodMonitor', 'podMonitor', 'podMetricsEndpoints', 'ops', 'Deployment'],
  ] as const)('get a %s for each service that selects its port', async (...[kind, value, endpoints, port, target]) => {
    const objects = await render(`metrics.${value}.enabled=true`, `metrics.${value}.labels.release=prometheus`);
    const monitors = objects.filter((object) => object.kind === kind);
    expect(monitors.map(({ metadata }) => metadata.name).sort()).toEqual(SERVICES);
    for (const { metadata, ...monitor } of monitors) {
      expect(metadata.labels).toMatchObject({ release: 'prometheus' });
      const spec = monitor['spec'] as Readonly<Record<string, unknown>>;
      expect(spec[endpoints]).toEqual([{ port, path: '/metrics', interval: '30s' }]);
      const { matchLabels } = spec['selector'] as { readonly matchLabels: Readonly<Record<string, string>> };
      const selected = objects.filter((object) => object.kind === target && matches(labelsOf(object), matchLabels));
      expect(selected.filter((object) => JSON.stringify(object).includes(`"name":"${port}"`))).toHaveLength(1);
    }
  });

  it('get a dashboard of metrics that there are', async () => {
    const objects = await render('metrics.dashboards.enabled=true');
    const map = objects.find(({ metadata }) => metadata.name === 'tiphys-dashboards');
    expect(map?.metadata.labels).toMatchObject({ grafana_dashboard: '1' });
    const text = (map?.['data'] as Readonly<Record<string, string>>)['tiphys.json'] ?? '';
    const { panels } = JSON.parse(text) as {
      readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
    };
    const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const used = new Set(expressions.flatMap((expr) => expr.match(/\b(argocd|tiphys|grpc|workqueue)_\w+/g) ?? []));
    const sources = globSync(`${ROOT}{apps,libs}/*/src/**/*metrics*.ts`).filter((file) => !file.endsWith('.test.ts'));
    const code = [...sources, `${ROOT}libs/cache/src/redis-requests.ts`, `${ROOT}libs/cache/src/authenticated-cache.ts`]
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const names = (name: string) => [name, name.replace(/_(bucket|sum|count)$/, '')];
    const unknown = [...used].filter((name) => !names(name).some((each) => code.includes(`'${each}'`)));
    expect(used.size).toBeGreaterThan(25);
    expect(unknown).toEqual([]);
  });
});

function labelsOf(object: KubernetesObject): Readonly<Record<string, string>> {
  if (object.kind !== 'Deployment') return object.metadata.labels ?? {};
  return (object as unknown as Workload).spec.template.metadata.labels;
}

function matches(labels: Readonly<Record<string, string>>, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}
