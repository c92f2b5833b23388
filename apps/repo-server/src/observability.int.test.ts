/** Traces and metrics of a running repo-server, called over gRPC as controller and API server call it (M04, M07, M08). */
import { dirname } from 'node:path';
import { createRepoServerClient, type RepoServerClient } from '@tiphys/proto';
import { inScope, outgoingCalls, silentLogger, startTracing, type Tracer } from '@tiphys/runtime';
import {
  eventually,
  type GitServer,
  type MetricShape,
  metricShapes,
  type OtlpCollector,
  otlpAttributes,
  removeDirectory,
  sharedRedis,
  startGitServer,
  startOtlpCollector,
  temporaryDirectory,
  toolPath,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRepoServer, startRunning } from './testing/running.js';

const directory = temporaryDirectory('observability');
const METHOD = 'tiphys.reposerver.v1.RepoServerService/GenerateManifests';
let git: GitServer;
let collector: OtlpCollector;
let server: RunningRepoServer;
let client: RepoServerClient;
let tracer: Tracer;

beforeAll(async () => {
  const redis = await sharedRedis();
  [git, collector] = await Promise.all([startGitServer(), startOtlpCollector()]);
  await git.createRepository('app', { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n' });
  const settings = { TIPHYS_OTLP_ADDRESS: collector.url, TIPHYS_GRPC_TIME_HISTOGRAM: 'true' };
  server = await startRunning({ redis, directory, tools: dirname(toolPath('kustomize')), settings });
  const otlp = { otlpAddress: collector.url, otlpInsecure: true, otlpHeaders: {}, otlpAttrs: {}, otlpSampleRatio: 1 };
  tracer = await startTracing({ service: 'argocd-test', settings: otlp, log: silentLogger });
  client = createRepoServerClient({ address: server.address, tls: undefined, around: outgoingCalls(tracer) });
});
afterAll(async () => {
  client.close();
  await Promise.all([server.stop(), tracer.stop(), git.stop()]);
  await collector.stop();
  removeDirectory(directory);
});

const generate = (repo: string) =>
  client.generateManifests({
    appName: 'shop',
    project: 'default',
    sources: [{ repository: { url: `${git.url}/${repo}.git` }, path: '.', targetRevision: 'HEAD' } as never],
  });

it('a call, its render and its requests to Git are one trace, and name the request that asked for them (M07, M08)', async () => {
  await inScope({ requestId: 'req-42' }, () => tracer.span('reconcile', {}, () => generate('app')));
  await eventually(
    () => expect(collector.spans().map(({ name }) => name)).toEqual(expect.arrayContaining(['reconcile', 'git fetch'])),
    {
      timeoutMs: 20_000,
    },
  );
  const root = collector.span('reconcile');
  const calls = collector.spans().filter(({ name }) => name === METHOD);
  const [sent] = calls.filter(({ parentSpanId }) => parentSpanId === root.spanId);
  const [served] = calls.filter(({ parentSpanId }) => parentSpanId === sent?.spanId);
  const render = collector.span('render');
  expect([sent?.kind, served?.kind]).toEqual([3, 2]);
  expect(render.parentSpanId).toBe(served?.spanId);
  const all = [sent, served, render, collector.span('git fetch')];
  expect(new Set(all.map((span) => span?.traceId))).toEqual(new Set([root.traceId]));
  expect(otlpAttributes(render.attributes)).toMatchObject({
    'tiphys.request.id': 'req-42',
    'source.repository': `${git.url}/app.git`,
    'source.type': 'Directory',
    'source.cached': false,
  });
  const services = collector.bodies.map(
    (body) => otlpAttributes(body.resourceSpans[0]?.resource.attributes)['service.name'],
  );
  expect(new Set(services)).toEqual(new Set(['argocd-test', 'argocd-repo-server']));
});

const REPO = ['repo'];
const REPO_TYPE = ['repo', 'request_type'];
const SECONDS = [0.1, 0.25, 0.5, 1, 2, 4, 10, 20];
const GRPC = ['grpc_method', 'grpc_service', 'grpc_type'];
const gauge = (labels: string[]): MetricShape => ({ type: 'gauge', labels });
const counter = (labels: string[]): MetricShape => ({ type: 'counter', labels });
const histogram = (buckets: number[], labels: string[]): MetricShape => ({ type: 'histogram', labels, buckets });

describe('the metrics of the repo-server (M04)', () => {
  it('are those of Argo CD: names, types, labels and buckets', async () => {
    await expect(generate('missing')).rejects.toThrow();
    const registry = { url: 'oci://127.0.0.1:1/charts/x' };
    await expect(client.testRepository({ repository: registry })).rejects.toThrow();
    await expect(client.listRefs({ repository: registry })).rejects.toThrow();
    const ours = metricShapes(await server.metrics());
    const argoCd = {
      argocd_info: gauge(['version']),
      argocd_git_request_duration_seconds: histogram(SECONDS, REPO_TYPE),
      argocd_git_request_total: counter(REPO_TYPE),
      argocd_git_fetch_fail_total: counter([]),
      argocd_git_lsremote_fail_total: counter(REPO),
      argocd_redis_request_duration_seconds: histogram([0.1, 0.25, 0.5, 1, 2], ['initiator']),
      argocd_redis_request_total: counter(['command', 'failed', 'initiator']),
      argocd_repo_pending_request_total: gauge(REPO),
      argocd_repo_parallelism_wait_duration_seconds: histogram([...SECONDS, 60, 120], []),
      argocd_oci_request_total: counter(REPO_TYPE),
      argocd_oci_request_duration_seconds: histogram(SECONDS, REPO_TYPE),
      argocd_oci_test_repo_fail_total: counter(REPO),
      argocd_oci_get_tags_fail_total: counter(REPO),
      argocd_oci_digest_metadata_fail_total: counter([]),
      argocd_oci_resolve_revision_fail_total: counter([]),
      argocd_oci_extract_fail_total: counter([]),
      grpc_server_started_total: counter(GRPC),
      grpc_server_handled_total: counter(['grpc_code', ...GRPC]),
      grpc_server_msg_received_total: counter(GRPC),
      grpc_server_msg_sent_total: counter(GRPC),
      grpc_server_handling_seconds: histogram([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10], GRPC),
    };
    expect(Object.fromEntries(Object.keys(argoCd).map((name) => [name, ours[name]]))).toEqual(argoCd);
    const own = Object.keys(ours).filter((name) => !(name in argoCd));
    expect(own.filter((name) => !name.startsWith('tiphys_'))).toEqual([]);
    expect(await server.metric('grpc_server_handled_total{')).toBe(4);
  });
});
