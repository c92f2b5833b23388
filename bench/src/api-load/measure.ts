/** `bench api`: a control plane, Redis and one built api-server as processes; pages of many applications for many clients. */
import { connect, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { applicationRoutes, createApiClient, sessionRoutes } from '@tiphys/api-contract';
import { type Installation, type KubeClient, startControlPlane, startInstallation, startRedis } from '@tiphys/testing';
import { cpuSeconds, peakRssMb, residentMb, round } from '../processes.js';
import { createApplications, keepChanging } from './applications.js';
import { type Load, percentile, runLoad, type Target } from './load.js';
import type { ApiBenchOptions } from './options.js';
import type { ApiBenchResult, PhaseResult } from './results.js';

const LIST = '/api/v1/applications';
const PAGE = `${LIST}?limit=50&counts=true`;
/** What a person clicks together. */
const PAGES = [
  PAGE,
  `${PAGE}&sortBy=health`,
  `${PAGE}&syncStatus=OutOfSync`,
  `${PAGE}&healthStatus=Degraded&healthStatus=Progressing&sortBy=lastSync&order=desc`,
  `${PAGE}&cluster=https%3A%2F%2Fcluster-3.example.com`,
  `${PAGE}&projects=project-1&projects=project-2`,
  `${PAGE}&search=123`,
  `${PAGE}&selector=tier%3Dweb`,
];
const CHANGES_PER_SECOND = 10;
const UNREAD_STREAMS = 50;
const UNREAD_SECONDS = 15;
const PHASE_LIMIT_MS = 120_000;

interface Bench {
  readonly client: KubeClient;
  readonly installation: Installation;
  readonly target: Target;
  readonly pid: number;
  readonly options: ApiBenchOptions;
}

export async function runApiBenchmark(options: ApiBenchOptions, say: (line: string) => void): Promise<ApiBenchResult> {
  const stops: (() => Promise<unknown>)[] = [];
  try {
    say('starting the control plane, Redis and the api-server');
    const controlPlane = await startControlPlane();
    stops.push(() => controlPlane.stop());
    const redis = await startRedis();
    stops.push(() => redis.stop());
    const installation = await startInstallation({ controlPlane, redis, services: ['api-server'] });
    stops.push(() => installation.stop());
    const client = controlPlane.client('admin');
    say(`creating ${options.applications} applications`);
    await createApplications(client, installation.namespace, options.applications);
    const target = { url: installation.apiUrl, token: await login(installation) };
    const { 'api-server': pid = 0 } = installation.pids;
    return await measure({ client, installation, target, pid, options }, say);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function login({ apiUrl, adminPassword }: Installation): Promise<string> {
  const body = { username: 'admin', password: adminPassword };
  const { token = '' } = await createApiClient({ baseUrl: apiUrl }).call(sessionRoutes.create, { body });
  return token;
}

async function measure(bench: Bench, say: (line: string) => void): Promise<ApiBenchResult> {
  const { options, target, pid } = bench;
  const api = createApiClient({ baseUrl: target.url, token: target.token });
  const { metadata } = await api.call(applicationRoutes.list, { query: { limit: 1, counts: true } });
  if (metadata.counts?.total !== options.applications) throw new Error(`the api-server sees ${metadata.counts?.total}`);
  const phase = async (name: string, load: Pick<Load, 'everyMs' | 'pathOf'>): Promise<PhaseResult> => {
    say(name);
    const result = await measurePhase(bench, name, load);
    say(`  p95 ${result.p95Ms} ms, ${result.perSecond} a second`);
    return result;
  };
  const pathOf = (client: number, index: number): string => PAGES[(client + index) % PAGES.length] ?? PAGE;
  const phases = [
    await phase('the first page, each client once a second', { everyMs: 1_000, pathOf: () => PAGE }),
    await phase('the first page, one after the other', { everyMs: 0, pathOf: () => PAGE }),
  ];
  const coldPageMs = await measureCold(target);
  say(`the slowest page that was not known: ${coldPageMs} ms`);
  const changes = keepChanging(bench.client, changesOf(bench));
  phases.push(
    await phase(`8 kinds of pages, once a second, ${CHANGES_PER_SECOND} changes a second`, { everyMs: 1_000, pathOf }),
    await phase(`8 kinds of pages, one after the other, ${CHANGES_PER_SECOND} changes a second`, {
      everyMs: 0,
      pathOf,
    }),
  );
  await changes.stop();
  say(`${UNREAD_STREAMS} streams that nobody reads`);
  const unreadStreams = await measureUnread(bench);
  return {
    ...{ applications: options.applications, clients: options.clients, node: process.version },
    ...{ cores: availableParallelism(), startedAt: new Date().toISOString(), phases, unreadStreams },
    coldPageMs,
    plainPageBytes: await bytesOf(target, PAGE),
    wholeListBytes: await bytesOf(target, LIST),
    peakRssMb: round(peakRssMb(pid), 1),
  };
}

/** One after the other, for one client. */
async function measureCold(target: Target): Promise<number> {
  let slowest = 0;
  for (const path of PAGES) {
    const load = { clients: 1, requests: 1, everyMs: 0, limitMs: PHASE_LIMIT_MS };
    const { times } = await runLoad(target, { ...load, pathOf: () => path });
    slowest = Math.max(slowest, times[0] ?? 0);
  }
  return round(slowest, 1);
}

const changesOf = ({ installation, options }: Bench) => ({
  ...{ namespace: installation.namespace, count: options.applications, perSecond: CHANGES_PER_SECOND },
});

async function measurePhase(
  { target, pid, options }: Bench,
  name: string,
  load: Pick<Load, 'everyMs' | 'pathOf'>,
): Promise<PhaseResult> {
  const before = cpuSeconds(pid);
  const { clients, requests } = options;
  const { times, seconds, bytes } = await runLoad(target, { ...load, clients, requests, limitMs: PHASE_LIMIT_MS });
  return {
    ...{ name, requests: times.length, bytes },
    p50Ms: round(percentile(times, 0.5), 1),
    p95Ms: round(percentile(times, 0.95), 1),
    maxMs: round(percentile(times, 1), 1),
    perSecond: round(times.length / seconds, 0),
    cpuMs: round(((cpuSeconds(pid) - before) * 1_000) / times.length, 2),
    rssMb: round(residentMb(pid), 1),
  };
}

/** Every stream begins with all applications: many times the memory of the api-server, if it kept them for the client. */
async function measureUnread(bench: Bench): Promise<ApiBenchResult['unreadStreams']> {
  const rssBeforeMb = round(residentMb(bench.pid), 1);
  const sockets = Array.from({ length: UNREAD_STREAMS }, () => openUnread(bench.target));
  const changes = keepChanging(bench.client, changesOf(bench));
  await delay(UNREAD_SECONDS * 1_000);
  await changes.stop();
  const rssAfterMb = round(residentMb(bench.pid), 1);
  for (const socket of sockets) socket.destroy();
  return { count: UNREAD_STREAMS, rssBeforeMb, rssAfterMb };
}

function openUnread({ url, token }: Target): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port) });
  socket.pause();
  socket.on('error', () => undefined);
  const lines = ['GET /api/v1/stream/applications HTTP/1.1', `Host: ${hostname}`, `Authorization: Bearer ${token}`];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  return socket;
}

async function bytesOf({ url, token }: Target, path: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'accept-encoding': 'identity' };
  const answer = await fetch(`${url}${path}`, { headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return (await answer.arrayBuffer()).byteLength;
}
