/** The requests of the cache to Redis, under the names, labels and buckets of Argo CD's services (M01, M03, M04). */
import { hostname } from 'node:os';
import type { Metrics } from '@tiphys/runtime';

export const INITIATORS = ['argocd-application-controller', 'argocd-server', 'argocd-repo-server'] as const;
export type Initiator = (typeof INITIATORS)[number];

export interface RedisRequests {
  /** Call the result when Redis has answered, or has not. */
  begin(command: string): (failed: boolean) => void;
}

interface Shape {
  readonly duration: string;
  readonly buckets: readonly number[];
  /** The controller alone tells its host. */
  readonly hostname: boolean;
}

const SHAPES: Readonly<Record<Initiator, Shape>> = {
  'argocd-application-controller': {
    duration: 'argocd_redis_request_duration',
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1],
    hostname: true,
  },
  'argocd-server': {
    duration: 'argocd_redis_request_duration',
    buckets: [0.1, 0.25, 0.5, 1, 2],
    hostname: false,
  },
  'argocd-repo-server': {
    duration: 'argocd_redis_request_duration_seconds',
    buckets: [0.1, 0.25, 0.5, 1, 2],
    hostname: false,
  },
};

export function createRedisRequests(metrics: Metrics, { initiator }: { readonly initiator: Initiator }): RedisRequests {
  const shape = SHAPES[initiator];
  const host = shape.hostname ? { hostname: hostname() } : {};
  const names = [...Object.keys(host), 'initiator'];
  const total = metrics.counter<string>({
    name: 'argocd_redis_request_total',
    help: 'Number of redis requests executed during application reconciliation.',
    labels: [...names, 'command', 'failed'],
  });
  const seconds = metrics.histogram<string>({
    name: shape.duration,
    help: 'Redis requests duration.',
    labels: names,
    buckets: shape.buckets,
  });
  return {
    begin: (command) => {
      const start = performance.now();
      return (failed) => {
        total.inc({ ...host, initiator, command, failed: String(failed) });
        seconds.observe({ ...host, initiator }, (performance.now() - start) / 1_000);
      };
    },
  };
}
