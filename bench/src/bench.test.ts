import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.js';
import { series, spread } from './phases.js';
import { cpuSeconds, peakRssMb } from './processes.js';
import { linesOf, tableOf } from './report.js';
import type { BenchResult } from './results.js';
import { countWrites } from './stage.js';
import { applicationNames, monorepo } from './workload.js';

const DEFAULTS = { applications: 500, idleSeconds: 60, pushes: 5, heals: 10, lists: 20, check: false };

describe('parseOptions', () => {
  it.each([
    { argv: [], expected: DEFAULTS },
    { argv: ['--apps', '10', '--check'], expected: { ...DEFAULTS, applications: 10, check: true } },
    { argv: ['--help'], expected: undefined },
  ])('understands $argv', ({ argv, expected }) => {
    expect(parseOptions(argv)).toEqual(expected);
  });

  it.each([[['--apps', 'many']], [['--apps', '0']], [['--lists=1.5']], [['--what']]])('refuses %s', (argv) => {
    expect(() => parseOptions(argv)).toThrow();
  });
});

describe('series', () => {
  it.each([
    { times: [3, 1, 2], expected: { medianMs: 2, minMs: 1, maxMs: 3, runs: 3 } },
    { times: [4, 1, 2, 3], expected: { medianMs: 2.5, minMs: 1, maxMs: 4, runs: 4 } },
    { times: [7], expected: { medianMs: 7, minMs: 7, maxMs: 7, runs: 1 } },
  ])('of $times', ({ times, expected }) => {
    expect(series(times)).toEqual(expected);
  });
});

it('spread picks names evenly, and again when there are too few', () => {
  expect(spread(applicationNames(10), 3)).toEqual(['app-0001', 'app-0004', 'app-0007']);
  expect(spread(['a', 'b'], 3)).toEqual(['a', 'b', 'a']);
});

it('the monorepo has three files for each application', () => {
  expect(Object.keys(monorepo(applicationNames(2)))).toEqual(
    ['app-0001', 'app-0002'].flatMap((name) =>
      ['configmap', 'service', 'deployment'].map((file) => `apps/${name}/${file}.yaml`),
    ),
  );
});

it('reads the CPU time and peak memory of a process', () => {
  const before = cpuSeconds(process.pid);
  const end = performance.now() + 50;
  while (performance.now() < end) Math.sqrt(Math.random());
  expect(cpuSeconds(process.pid)).toBeGreaterThan(before);
  expect(peakRssMb(process.pid)).toBeGreaterThan(20);
});

it('counts writes by verb and resource, dry runs apart', () => {
  const write = { user: '', userAgent: '', group: '', namespace: '', name: '', code: 200, stage: '', requestURI: '' };
  const rest = { ...write, fieldManager: '', timestamp: '' };
  const patch = { ...rest, verb: 'patch', resource: 'services', subresource: '', dryRun: false };
  const status = { ...patch, resource: 'applications', subresource: 'status' };
  expect(Object.entries(countWrites([{ ...patch, dryRun: true }, patch, status, status]))).toEqual([
    ['patch applications/status', 2],
    ['patch services (dry run)', 1],
    ['patch services', 1],
  ]);
});

describe('the table', () => {
  const times = { medianMs: 40, minMs: 30, maxMs: 50, runs: 3 };
  const git = { gitFetches: 1, gitListings: 2 };
  const result: BenchResult = {
    ...{ applications: 500, objects: 1_500, node: 'v24.0.0', cores: 2, startedAt: '2026-01-01T00:00:00Z' },
    sync: { seconds: 61, cpuSeconds: { services: 20 }, writes: { 'patch applications': 500 }, ...git },
    idle: { seconds: 60, cpuPercent: { services: 1.5 }, writes: {}, ...git },
    push: { ...times, ...git, cpuSeconds: {}, foreignWrites: {} },
    heal: times,
    list: { ...times, bytes: 2_100_000 },
    peakRssMb: { 'api-server': 100, 'repo-server': 100, 'application-controller': 299.6 },
  };

  it('judges the goals of the issue', () => {
    const judged = linesOf(result).filter((line) => line.reached !== undefined);
    expect(judged.map(({ what, measured, reached }) => [what, measured, reached])).toEqual([
      ['all Synced and Healthy', '61 s', false],
      ['idle: CPU of the services', '1.5 % of a core', true],
      ['idle: writes in 60 s', '0 writes', true],
      ['push to applied, median of 3', '40 ms', true],
      ['heal, median of 3', '40 ms', true],
      ['list of all, median of 3', '40 ms', true],
      ['peak memory of the services', '500 MB', true],
    ]);
    expect(tableOf(result)).toMatch(/all Synced and Healthy +≤ 60 s +MISSED +61 s/);
  });

  it('judges nothing for another number of applications', () => {
    const judged = linesOf({ ...result, applications: 10 }).filter((line) => line.reached !== undefined);
    expect(judged).toEqual([]);
  });
});
