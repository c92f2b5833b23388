/** Everything that is measured or measures: control plane, Redis, Git server and the three services, as processes. */
import {
  type AuditWrite,
  auditPosition,
  auditWrites,
  type ControlPlane,
  type GitRepository,
  type GitServer,
  type Installation,
  type KubeClient,
  startControlPlane,
  startGitServer,
  startInstallation,
  startRedis,
} from '@tiphys/testing';
import type { Pids } from './processes.js';
import type { WriteCounts } from './results.js';
import { monorepo, NAMESPACE } from './workload.js';

export interface Stage {
  readonly controlPlane: ControlPlane;
  readonly client: KubeClient;
  readonly git: GitServer;
  readonly repository: GitRepository;
  readonly installation: Installation;
  /** Our services, the programs of the control plane, and Redis. */
  readonly pids: Pids;
  readonly services: readonly string[];
  readonly names: readonly string[];
  stop(): Promise<void>;
}

export async function startStage(names: readonly string[]): Promise<Stage> {
  const stops: (() => Promise<unknown>)[] = [];
  const started = async <T extends { stop(): Promise<unknown> }>(starting: Promise<T>): Promise<T> => {
    const part = await starting;
    stops.push(() => part.stop());
    return part;
  };
  const stop = async (): Promise<void> => {
    for (const stopPart of stops.splice(0).reverse()) await stopPart();
  };
  try {
    const controlPlane = await started(startControlPlane());
    const redis = await started(startRedis());
    const git = await started(startGitServer());
    const repository = await git.createRepository('monorepo', monorepo(names));
    const client = controlPlane.client('admin');
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    const installation = await started(startInstallation({ controlPlane, redis }));
    const services = Object.keys(installation.pids);
    const pids = { ...installation.pids, ...controlPlane.pids, redis: redis.pid } as Pids;
    return { ...{ controlPlane, client, git, repository, installation, pids, services, names }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Writes of our services since the position, by verb and resource. */
export async function writesSince(stage: Stage, position: number): Promise<WriteCounts> {
  return countWrites(await serviceWrites(stage, position));
}

/** `patch applications`, `create events`, `patch services (dry run)`, the most frequent first. */
export function countWrites(writes: readonly AuditWrite[]): WriteCounts {
  const counts: Record<string, number> = {};
  for (const { verb, resource, subresource, dryRun } of writes) {
    const what = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}${dryRun ? ' (dry run)' : ''}`;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(counts).sort(([, a], [, b]) => b - a));
}

/** Writes of our services since the position; the harness has users of its own. */
export function serviceWrites(stage: Stage, position: number): ReturnType<typeof auditWrites> {
  const users = new Set(['tiphys-controller', 'tiphys-api']);
  return auditWrites(stage.controlPlane, {
    since: position,
    includeDryRuns: true,
    where: ({ user }) => users.has(user),
  });
}

export function mark(stage: Stage): Promise<number> {
  return auditPosition(stage.controlPlane);
}

/** Requests to the Git host since the counters were cleared; a listing is one `ls-remote`. */
export function gitCounts(stage: Stage): { readonly gitFetches: number; readonly gitListings: number } {
  return { gitFetches: stage.git.count('fetch'), gitListings: stage.git.count('ls-refs') };
}
