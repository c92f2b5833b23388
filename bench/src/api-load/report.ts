/** The readable form of a result, beside the goals of the issue. */
import { aligned } from '../render/report.js';
import type { ApiBenchResult } from './results.js';

const GOALS = { applications: 10_000, clients: 200, p95Ms: 100, bytes: 60_000, unreadGrowthMb: 32 } as const;

export interface Goal {
  readonly what: string;
  readonly measured: string;
  readonly goal: string;
  readonly reached: boolean;
}

/** Empty for other numbers of applications or clients. */
export function apiGoalsOf({ applications, clients, phases, unreadStreams }: ApiBenchResult): readonly Goal[] {
  if (applications !== GOALS.applications || clients !== GOALS.clients) return [];
  const growth = Math.max(0, unreadStreams.rssAfterMb - unreadStreams.rssBeforeMb);
  const bytes = Math.max(...phases.map((phase) => phase.bytes));
  return [
    ...phases
      .filter(({ name }) => name.includes('once a second'))
      .map(({ name, p95Ms }) => ({
        ...{
          what: `${name}: p95`,
          measured: `${p95Ms} ms`,
          goal: `≤ ${GOALS.p95Ms} ms`,
          reached: p95Ms <= GOALS.p95Ms,
        },
      })),
    {
      ...{ what: 'a page over the wire', measured: `${(bytes / 1_000).toFixed(1)} kB`, goal: '≤ 60 kB' },
      reached: bytes <= GOALS.bytes,
    },
    {
      ...{ what: 'growth with streams that nobody reads', measured: `${growth.toFixed(1)} MB` },
      ...{ goal: `≤ ${GOALS.unreadGrowthMb} MB`, reached: growth <= GOALS.unreadGrowthMb },
    },
  ];
}

export function apiTableOf(result: ApiBenchResult): string {
  const { unreadStreams } = result;
  const head = ['load', 'requests', 'p50 ms', 'p95 ms', 'max ms', 'a second', 'bytes', 'CPU ms', 'RSS MB'];
  const rows = result.phases.map(({ name, requests, p50Ms, p95Ms, maxMs, perSecond, bytes, cpuMs, rssMb }) => [
    name,
    ...[requests, p50Ms, p95Ms, maxMs, perSecond, bytes, cpuMs, rssMb].map(String),
  ]);
  const goals = apiGoalsOf(result).map(({ what, goal, measured, reached }) => [
    ...[what, goal, reached ? 'reached' : 'MISSED', measured],
  ]);
  return [
    `${result.applications} applications, ${result.clients} clients, ${result.cores} cores, Node ${result.node}`,
    '',
    aligned([head, ...rows]),
    '',
    `the slowest page of which nothing was known: ${result.coldPageMs} ms`,
    `without compression: a page ${result.plainPageBytes} bytes, all ${result.wholeListBytes}`,
    `${unreadStreams.count} streams that nobody reads: ${unreadStreams.rssBeforeMb} MB before, ${unreadStreams.rssAfterMb} after; most ever ${result.peakRssMb} MB`,
    '',
    aligned(goals),
  ].join('\n');
}
