/** Metrics of a real client against a real HTTP server, and of real exec plugins (M01, M03). */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMetrics, type Metrics } from '@tiphys/runtime';
import { createCertificateAuthority, metricSamples } from '@tiphys/testing';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectionFromClusterSecret } from '../connection/cluster-secret.js';
import { certificateAge } from './connection-watch.js';
import { createKubeClient } from './kube-client.js';
import { createKubectlMetrics, type KubectlMetrics } from './kubectl-metrics.js';
import { describeRequest, spanOfRequest } from './request-words.js';

let metrics: Metrics;
let kubectl: KubectlMetrics;
let server: Server | undefined;
beforeEach(() => {
  metrics = createMetrics({ processMetrics: false });
  kubectl = createKubectlMetrics(metrics);
});
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

async function listen(answer: RequestListener): Promise<number> {
  const created = createServer(answer);
  server = created;
  await new Promise<void>((resolve) => created.listen(0, '127.0.0.1', resolve));
  return (created.address() as AddressInfo).port;
}

const samples = async (name: string) => metricSamples(await metrics.render(), `argocd_kubectl_${name}`);
const { signal } = new AbortController();

describe('requests to an API server', () => {
  it('are counted with their sizes, retries, look-ups and connections', async () => {
    const statuses = [503, 200];
    const port = await listen((_, response) => response.writeHead(statuses.shift() ?? 200).end('{"major":"1"}'));
    const host = `localhost:${port}`;
    const client = createKubeClient({ server: `http://${host}`, name: 'c' }, { observer: kubectl });
    await client.request('GET', '/version', { signal });
    client.as('robot');
    expect(await samples('requests_total')).toEqual([
      `argocd_kubectl_requests_total{host="${host}",method="GET",code="503"} 1`,
      `argocd_kubectl_requests_total{host="${host}",method="GET",code="200"} 1`,
    ]);
    expect(await samples('request_retries_total')).toEqual([
      `argocd_kubectl_request_retries_total{host="${host}",method="GET",code="503"} 1`,
    ]);
    expect(await samples('response_size_bytes_sum')).toEqual([
      `argocd_kubectl_response_size_bytes_sum{host="${host}",method="GET"} 26`,
    ]);
    expect(await samples('request_duration_seconds_count')).toEqual([
      `argocd_kubectl_request_duration_seconds_count{host="${host}",verb="List"} 2`,
    ]);
    expect(await samples('dns_resolution_duration_seconds_count')).toEqual([
      'argocd_kubectl_dns_resolution_duration_seconds_count{host="localhost"} 1',
    ]);
    expect(await samples('transport_create_calls_total')).toEqual([
      'argocd_kubectl_transport_create_calls_total{result="miss"} 1',
      'argocd_kubectl_transport_create_calls_total{result="hit"} 1',
    ]);
    await client.close();
    await client.close();
    expect(await samples('transport_cache_entries')).toEqual(['argocd_kubectl_transport_cache_entries 0']);
  });

  it('without an answer are errors, as client-go calls them', async () => {
    const client = createKubeClient({ server: 'http://127.0.0.1:1', name: 'c' }, { observer: kubectl });
    await expect(client.request('POST', '/api/v1/pods', { body: {}, signal })).rejects.toThrow('no answer');
    expect((await samples('requests_total'))[0]).toContain('method="POST",code="<error>"');
    await client.close();
  });
});

describe('exec plugins (H03)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tiphys-plugins-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['that work', `#!/bin/sh\necho '{"status":{"token":"t"}}'\n`, 'code="0",call_status="no_error"'],
    ['that fail', '#!/bin/sh\nexit 7\n', 'code="7",call_status="plugin_execution_error"'],
    ['that are not there', undefined, 'code="1",call_status="plugin_not_found_error"'],
  ])('%s', async (name, script, labels) => {
    const command = join(folder, name.replaceAll(' ', '-'));
    if (script !== undefined) {
      writeFileSync(command, script);
      chmodSync(command, 0o755);
    }
    const options = { allowedExecCommands: [command], onPluginCall: kubectl.pluginCalled };
    const secret = { name: 'c', server: 'https://c', config: { execProviderConfig: { command } } };
    const { authorization } = await connectionFromClusterSecret(secret, options);
    await authorization?.().catch(() => undefined);
    expect(await samples('exec_plugin_call_total')).toEqual([`argocd_kubectl_exec_plugin_call_total{${labels}} 1`]);
  });
});

it('the age of a client certificate is told when another takes its place', async () => {
  const authority = createCertificateAuthority('test');
  const pem = () => authority.issue({ commonName: 'robot', sans: [] }).cert;
  const [first, second] = [pem(), pem()];
  const age = certificateAge(kubectl);
  age.seen(first);
  age.seen(first);
  expect(await samples('client_cert_rotation_age_seconds')).toEqual([
    'argocd_kubectl_client_cert_rotation_age_seconds 0',
  ]);
  age.seen(second);
  const [line = ''] = await samples('client_cert_rotation_age_seconds');
  expect(Number(line.split(' ')[1])).toBeGreaterThan(0);
  age.seen('no certificate');
  expect(() => age.seen(undefined)).not.toThrow();
});

it.each([
  ['GET', '/apis/apps/v1/namespaces/web/deployments/x', { kind: 'deployments', namespace: 'web', verb: 'Get' }],
  ['GET', '/apis/apps/v1/deployments?limit=500', { kind: 'deployments', namespace: '', verb: 'List' }],
  ['WATCH', '/api/v1/pods?watch=1&resourceVersion=1', { kind: 'pods', namespace: '', verb: 'Watch' }],
  ['PATCH', '/api/v1/namespaces/web/configmaps/a?force=true', { kind: 'configmaps', namespace: 'web', verb: 'Patch' }],
  ['GET', '/api/v1/namespaces/web', { kind: 'namespaces', namespace: '', verb: 'Get' }],
  ['GET', '/version', { kind: 'Unknown', namespace: '', verb: 'List' }],
])('%s %s in words', (method, path, expected) => {
  expect(describeRequest({ method, path })).toEqual(expected);
});

it.each([
  [200, undefined],
  [409, 'status 409'],
  [0, 'no answer'],
])('a request that ends with %s is a span that says so (M07)', (status, failure) => {
  const path = '/api/v1/namespaces/web/secrets/a';
  const report = { host: 'kube:6443', method: 'PATCH', path, status, durationMs: 5, requestBytes: 0 } as const;
  const [name, span] = spanOfRequest({ ...report, responseBytes: undefined });
  expect(name).toBe('kubernetes Patch secrets');
  expect(span.failure).toBe(failure);
  expect(span.fields).toMatchObject({ 'server.address': 'kube:6443', 'http.response.status_code': status });
});
