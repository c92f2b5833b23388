import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { application } from './applications.js';
import { percentile, runLoad } from './load.js';
import { parseApiOptions } from './options.js';
import { apiGoalsOf, apiTableOf } from './report.js';
import type { ApiBenchResult } from './results.js';

describe('parseApiOptions', () => {
  it.each([
    { argv: [], expected: { applications: 10_000, clients: 200, requests: 20, check: false } },
    { argv: ['--apps', '50', '--check'], expected: { applications: 50, clients: 200, requests: 20, check: true } },
    { argv: ['--help'], expected: undefined },
  ])('understands $argv', ({ argv, expected }) => {
    expect(parseApiOptions(argv)).toEqual(expected);
  });

  it.each([[['--clients', '0']], [['--clients', '100000']], [['--what']]])('refuses %s', (argv) => {
    expect(() => parseApiOptions(argv)).toThrow();
  });
});

describe('runLoad', () => {
  let server: Server;
  const asked = new Map<string, number>();
  const ports = new Set<number | undefined>();

  beforeAll(async () => {
    server = createServer(({ url = '', socket }, response) => {
      asked.set(url, (asked.get(url) ?? 0) + 1);
      ports.add(socket.remotePort);
      response.statusCode = url === '/missing' ? 404 : 200;
      response.end('12345');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  const target = () => ({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 't' });
  const load = { clients: 5, requests: 4, everyMs: 0, limitMs: 60_000 };

  it('asks with as many connections as there are clients, and counts', async () => {
    const { times, bytes } = await runLoad(target(), { ...load, pathOf: (client) => `/${client}` });
    expect([times.length, bytes, ports.size]).toEqual([20, 5, 5]);
    expect([...asked]).toEqual(Array.from({ length: 5 }, (_, client) => [`/${client}`, 4]));
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('ends with its time, and fails with an answer that is none', async () => {
    expect((await runLoad(target(), { ...load, limitMs: 0, pathOf: () => '/' })).times).toEqual([]);
    await expect(runLoad(target(), { ...load, pathOf: () => '/missing' })).rejects.toThrow('/missing: 404');
  });
});

it('percentile', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([percentile(values, 0.5), percentile(values, 0.95), percentile(values, 1), percentile([], 0.5)]).toEqual([
    ...[51, 96, 100, 0],
  ]);
});

it('an application is about as large as real ones', () => {
  const size = JSON.stringify(application(1, 'argocd')).length;
  expect(size).toBeGreaterThan(2_000);
  expect(size).toBeLessThan(4_000);
});

describe('the table', () => {
  const phase = { requests: 10, p50Ms: 5, maxMs: 30, perSecond: 200, bytes: 20_000, cpuMs: 1, rssMb: 150 };
  const result: ApiBenchResult = {
    ...{ applications: 10_000, clients: 200, node: 'v24.0.0', cores: 2, startedAt: '2026-01-01T00:00:00Z' },
    phases: [
      { ...phase, name: 'a page, once a second', p95Ms: 20 },
      { ...phase, name: 'a page, one after the other', p95Ms: 500 },
    ],
    ...{ coldPageMs: 90, plainPageBytes: 100_000, wholeListBytes: 20_000_000, peakRssMb: 200 },
    unreadStreams: { count: 50, rssBeforeMb: 150, rssAfterMb: 200 },
  };

  it('judges the goals of the issue, with paced clients', () => {
    expect(apiGoalsOf(result).map(({ what, reached }) => [what, reached])).toEqual([
      ['a page, once a second: p95', true],
      ['a page over the wire', true],
      ['growth with streams that nobody reads', false],
    ]);
    expect(apiTableOf(result)).toMatch(/growth with streams that nobody reads +≤ 32 MB +MISSED +50.0 MB/);
  });

  it('judges nothing for another number of applications', () => {
    expect(apiGoalsOf({ ...result, applications: 10 })).toEqual([]);
  });
});
