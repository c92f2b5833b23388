/** The readable form of a result, beside the goals of the issue. */
import { sumOf } from './processes.js';
import type { BenchResult, WriteCounts } from './results.js';

export interface Line {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
  /** Undefined: there is no goal for it. */
  readonly reached: boolean | undefined;
}

const SERVICES = ['api-server', 'repo-server', 'application-controller'];
/** The goals are for this many applications. */
const GOAL_APPLICATIONS = 500;

/** Goals are judged at 500 applications only. */
export function linesOf(result: BenchResult): readonly Line[] {
  const judged = result.applications === GOAL_APPLICATIONS;
  const { sync, idle, push, heal, list } = result;
  const memory = sumOf(result.peakRssMb, SERVICES);
  const limit = (what: string, value: number, { unit, most }: { unit: string; most: number }): Line => ({
    what,
    measured: `${value} ${unit}`,
    goal: `≤ ${most} ${unit}`,
    reached: judged ? value <= most : undefined,
  });
  const fact = (what: string, measured: string): Line => ({ what, measured, goal: '', reached: undefined });
  return [
    limit('all Synced and Healthy', sync.seconds, { unit: 's', most: 60 }),
    fact('  CPU of the services', perProgram(sync.cpuSeconds, [...SERVICES, 'services'], 's')),
    fact('  CPU of kube-apiserver, etcd', perProgram(sync.cpuSeconds, ['kube-apiserver', 'etcd'], 's')),
    fact('  writes', writes(sync.writes)),
    fact('  Git fetches, ls-remotes', `${sync.gitFetches}, ${sync.gitListings}`),
    limit('idle: CPU of the services', idle.cpuPercent['services'] ?? 0, { unit: '% of a core', most: 2 }),
    fact('  by service', perProgram(idle.cpuPercent, [...SERVICES, 'redis'], '%')),
    limit(`idle: writes in ${Math.round(idle.seconds)} s`, total(idle.writes), { unit: 'writes', most: 0 }),
    fact('  Git fetches, ls-remotes', `${idle.gitFetches}, ${idle.gitListings}`),
    limit(`push to applied, median of ${push.runs}`, push.medianMs, { unit: 'ms', most: 1_500 }),
    fact('  from, to', `${push.minMs} ms, ${push.maxMs} ms`),
    fact('  Git fetches, ls-remotes, for all', `${push.gitFetches}, ${push.gitListings}`),
    fact('  CPU of the services, for all', perProgram(push.cpuSeconds, [...SERVICES, 'services'], 's')),
    fact('  writes to other applications, for all', writes(push.foreignWrites)),
    limit(`heal, median of ${heal.runs}`, heal.medianMs, { unit: 'ms', most: 1_000 }),
    fact('  from, to', `${heal.minMs} ms, ${heal.maxMs} ms`),
    limit(`list of all, median of ${list.runs}`, list.medianMs, { unit: 'ms', most: 60 }),
    fact('  size', `${(list.bytes / 1_000_000).toFixed(2)} MB`),
    limit('peak memory of the services', Math.round(memory), { unit: 'MB', most: 500 }),
    fact('  by program', perProgram(result.peakRssMb, [...SERVICES, 'kube-apiserver', 'redis'], 'MB')),
  ];
}

export function tableOf(result: BenchResult): string {
  const lines = linesOf(result);
  const widths = [
    Math.max(...lines.map((line) => line.what.length)),
    Math.max(...lines.map((line) => line.goal.length)),
  ];
  const head = `${result.applications} applications, ${result.objects} objects, ${result.cores} cores, Node ${result.node}`;
  const rows = lines.map(({ what, measured, goal, reached }) => {
    const verdict = reached === undefined ? '' : reached ? 'reached' : 'MISSED';
    return `${what.padEnd(widths[0] ?? 0)}  ${goal.padEnd(widths[1] ?? 0)}  ${verdict.padEnd(7)}  ${measured}`.trimEnd();
  });
  return [head, '', ...rows].join('\n');
}

function perProgram(values: Readonly<Record<string, number>>, names: readonly string[], unit: string): string {
  return names.map((name) => `${name} ${values[name] ?? 0} ${unit}`).join(', ');
}

function writes(counts: WriteCounts): string {
  const parts = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
  return [`${total(counts)}`, ...parts].join(', ');
}

function total(counts: WriteCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
