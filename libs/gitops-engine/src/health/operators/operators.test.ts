/** Health of operators' kinds: each row is what a controller writes, and what it means. */
import type { KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { assessHealth } from '../assess-health.js';
import type { Cases } from './cases.test-support.js';
import { DATA_CASES } from './data.test-support.js';
import { DELIVERY_CASES } from './delivery.test-support.js';
import { operatorCheckFor, operatorKinds } from './index.js';
import { PLATFORM_CASES } from './platform.test-support.js';
import { SECURITY_CASES } from './security.test-support.js';
import { SIMPLE_CASES } from './simple.test-support.js';

/** A second group of cases of a kind ends in a blank. */
const CASES: Cases = { ...DELIVERY_CASES, ...SECURITY_CASES, ...DATA_CASES, ...PLATFORM_CASES, ...SIMPLE_CASES };
const rows = Object.entries(CASES).flatMap(([kind, list]) =>
  list.map(([fields, code, message]) => ({ kind, fields, code, message })),
);

function objectOf(kind: string, { metadata, ...fields }: Record<string, unknown>): KubernetesObject {
  const slash = kind.indexOf('/');
  const meta = { name: 'thing', ...(metadata as object | undefined) };
  return { apiVersion: `${kind.slice(0, slash)}/v1`, kind: kind.slice(slash + 1).trim(), metadata: meta, ...fields };
}

describe('health of operators kinds', () => {
  it.each(rows)('$kind with $fields is $code', ({ kind, fields, code, message }) => {
    const found = assessHealth(objectOf(kind, fields));
    expect(found?.status).toBe(code);
    if (message !== undefined) expect(found?.message).toBe(message);
  });

  it('has a row for every entry of the table', () => {
    const groups = Object.keys(CASES).map((kind) => kind.slice(0, kind.indexOf('/')));
    const untested = operatorKinds().filter((entry) => {
      if (SAME_AS_TESTED.has(entry)) return false;
      if (!entry.endsWith('/*')) return CASES[entry] === undefined;
      const group = entry.slice(0, -2);
      return !groups.some((tested) => (group.startsWith('*') ? tested.endsWith(group.slice(1)) : tested === group));
    });
    expect(untested).toEqual([]);
  });

  it('never throws on an object without, or with odd, fields', () => {
    const odd = [
      {},
      { spec: null, status: null },
      { status: 'text' },
      { status: { conditions: [null, 7, { type: 1 }], phase: 3 } },
    ];
    for (const entry of operatorKinds()) {
      const kind = entry.replace(/^\*/, 'x').replace(/\*$/, 'Thing');
      for (const fields of odd) expect(() => assessHealth(objectOf(kind, fields))).not.toThrow();
    }
  });

  it('leaves other kinds to the common conventions', () => {
    expect(operatorCheckFor({ group: 'example.com', kind: 'Thing' })).toBeUndefined();
    expect(operatorCheckFor({ group: '', kind: 'ConfigMap' })).toBeUndefined();
  });
});

/** Entries that share their check with a tested neighbour. */
const SAME_AS_TESTED: ReadonlySet<string> = new Set([
  ...['TaskRun', 'CustomRun'].map((kind) => `tekton.dev/${kind}`),
  ...['GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map((kind) => `gateway.networking.k8s.io/${kind}`),
  ...['PrometheusAgent', 'ThanosRuler'].map((kind) => `monitoring.coreos.com/${kind}`),
  ...['Publication', 'Subscription'].map((kind) => `postgresql.cnpg.io/${kind}`),
  ...['MongoDBMultiCluster', 'MongoDBUser'].map((kind) => `mongodb.com/${kind}`),
  ...['notification.toolkit.fluxcd.io/Provider', 'external-secrets.io/SecretStore', 'kyverno.io/Policy'],
  ...['pxc', 'ps', 'pgv2'].map((group) => `${group}.percona.com/*`),
  ...['telemetry', 'extensions'].map((group) => `${group}.istio.io/*`),
  ...['infrastructure', 'bootstrap', 'addons'].map((group) => `${group}.cluster.x-k8s.io/*`),
  ...['secrets.hashicorp.com/VaultConnection', 'kueue.x-k8s.io/LocalQueue', 'operator.tigera.io/Installation'],
]);
