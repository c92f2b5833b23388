import type { HealthStatus, HookType, KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { aggregateHealth, type HealthContribution, type HealthHistory } from './aggregate-health.js';

interface Part {
  readonly status?: HealthStatus['status'];
  readonly live?: false;
  readonly hook?: HookType;
  readonly application?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

function part({ status, live, hook, application, annotations }: Part): HealthContribution {
  const name = application ?? 'web';
  const key =
    application === undefined
      ? { group: 'apps', kind: 'Deployment', namespace: 'ns', name }
      : { group: 'argoproj.io', kind: 'Application', namespace: 'argocd', name };
  const metadata = { name, ...(annotations === undefined ? {} : { annotations }) };
  const object: KubernetesObject = { apiVersion: 'apps/v1', kind: key.kind, metadata };
  return {
    key,
    live: live === false ? undefined : object,
    health: status === undefined ? undefined : { status },
    hooks: hook === undefined ? [] : [hook],
  };
}

const rows: readonly {
  name: string;
  parts: readonly Part[];
  status: HealthStatus['status'];
  history?: HealthHistory;
}[] = [
  { name: 'an empty application is Healthy', parts: [], status: 'Healthy' },
  { name: 'the worst counts', parts: [{ status: 'Progressing' }, { status: 'Degraded' }, {}], status: 'Degraded' },
  { name: 'Unknown is worse than Degraded', parts: [{ status: 'Unknown' }, { status: 'Degraded' }], status: 'Unknown' },
  { name: 'Suspended is better than Progressing', parts: [{ status: 'Suspended' }, {}], status: 'Suspended' },
  { name: 'resources without health count as nothing', parts: [{}, {}], status: 'Healthy' },
  {
    name: 'one missing resource does not matter (E02)',
    parts: [{ status: 'Missing', live: false }, { status: 'Healthy' }],
    status: 'Healthy',
  },
  {
    name: 'an application of which nothing is live is Missing (E02)',
    parts: [
      { status: 'Missing', live: false },
      { status: 'Missing', live: false },
    ],
    status: 'Missing',
  },
  { name: 'hooks do not count (E03)', parts: [{ status: 'Degraded', hook: 'PreSync' }, {}], status: 'Healthy' },
  {
    name: 'ignore-healthcheck takes a resource out (E03)',
    parts: [{ status: 'Degraded', annotations: { 'argocd.argoproj.io/ignore-healthcheck': 'true' } }],
    status: 'Healthy',
  },
  {
    name: 'a child application that is Unknown does not matter, a degraded one does (E03)',
    parts: [{ status: 'Unknown', application: 'a' }],
    status: 'Healthy',
  },
  {
    name: 'a degraded child application counts',
    parts: [{ status: 'Degraded', application: 'a' }],
    status: 'Degraded',
  },
  {
    name: 'an application that manages itself does not judge itself (E03)',
    parts: [{ status: 'Degraded', application: 'me' }],
    status: 'Healthy',
    history: { self: { namespace: 'argocd', name: 'me' } },
  },
];

describe('health of an application', () => {
  it.each(rows)('$name', ({ parts, status, history }) => {
    expect(aggregateHealth(parts.map(part), history).status).toBe(status);
  });

  it('keeps its transition time while the code stays the same', () => {
    const previous = { status: 'Healthy', lastTransitionTime: '2026-01-01T00:00:00Z' } as const;
    const now = '2026-01-02T00:00:00Z';
    expect(aggregateHealth([], { previous, now })).toEqual(previous);
    expect(aggregateHealth([part({ status: 'Degraded' })], { previous, now })).toEqual({
      status: 'Degraded',
      lastTransitionTime: now,
    });
  });
});
