/** One run: every source by its command line, cold with and without renderers, and warm. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { toolPath } from '@tiphys/testing';
import { round } from '../processes.js';
import { endedChildrenCpuMs, familyCpuMs, familyMemoryMb } from './cpu.js';
import type { Rate, RenderBenchResult, SourceResult } from './results.js';
import { type BenchSource, SOURCES } from './sources.js';
import { type Renderer, type RenderStage, startRenderStage } from './stage.js';

const CONCURRENCY = 4;
const WARM_UPS = 4;
const WARM_FACTOR = 5;
const TURNS = 10;
const run = promisify(execFile);

/** Throws when a render gives something else than expected, or is not as cold or warm as it should be. */
export async function runRenderBenchmark(renders: number, say: (line: string) => void): Promise<RenderBenchResult> {
  const startedAt = new Date().toISOString();
  say('starting Redis, a Git server and two repo-servers');
  const stage = await startRenderStage();
  try {
    const sources: SourceResult[] = [];
    let memoryMb: RenderBenchResult['memoryMb'] = {};
    for (const source of SOURCES) {
      say(source.name);
      sources.push(await measureSource(stage, source, renders));
      memoryMb = { ...memoryMb, ...familyMemoryMb(stage.withRenderers.pid, 'repo-server') };
    }
    return { node: process.version, cores: availableParallelism(), startedAt, sources, memoryMb };
  } finally {
    await stage.stop();
  }
}

async function measureSource(stage: RenderStage, source: BenchSource, renders: number): Promise<SourceResult> {
  const { name, what, objects, command } = source;
  const request = { source, url: stage.urls[name] };
  const { withRenderers, withoutRenderers } = stage;
  const waysWithTool: readonly Way[] =
    command === undefined
      ? []
      : [
          commandOf(stage.checkout(source), command, renders),
          requestsOf({ ...request, how: 'coldByProcesses', renderer: withoutRenderers, renders }),
        ];
  const rates = await measureInTurns([
    requestsOf({ ...request, how: 'cold', renderer: withRenderers, renders }),
    requestsOf({ ...request, how: 'warm', renderer: withRenderers, renders: renders * WARM_FACTOR }),
    ...waysWithTool,
  ]);
  const rate = (how: How): Rate => {
    const found = rates.get(how);
    if (found === undefined) throw new Error(`${name}: ${how} was not measured`);
    return found;
  };
  return {
    ...{ name, what, objects: objects(0), cold: rate('cold'), warm: rate('warm') },
    ...{ commandLine: rates.get('commandLine'), coldByProcesses: rates.get('coldByProcesses') },
  };
}

function commandOf(cwd: string, { tool, args }: NonNullable<BenchSource['command']>, renders: number): Way {
  const binary = toolPath(tool);
  const env = { HOME: cwd, KUBECONFIG: '/dev/null' };
  const work = async (): Promise<void> => {
    await run(binary, [...args], { cwd, env });
  };
  return { how: 'commandLine', work, cpuMs: endedChildrenCpuMs, renders };
}

interface Requests {
  readonly source: BenchSource;
  readonly url: string;
  readonly renderer: Renderer;
  readonly renders: number;
  readonly how: Exclude<How, 'commandLine'>;
}

function requestsOf({ source, url, renderer, renders, how }: Requests): Way {
  const kind = how === 'warm' ? 'warm' : 'cold';
  const work = async (number: number): Promise<void> => {
    const variant = kind === 'cold' ? number : 0;
    const { manifests, sources } = await renderer.client.generateManifests({
      appName: 'bench',
      project: 'default',
      destinationNamespace: 'shop',
      kubeVersion: '1.34.0',
      cacheMode: 'normal',
      sources: [
        {
          repository: { url },
          applicationSource: { repoURL: url, ...source.source(variant) } as Record<string, string>,
        },
      ],
    });
    const expected = source.objects(variant);
    const isWarm = sources.every(({ cached }) => cached);
    if (manifests.length !== expected || (number > 0 && isWarm !== (kind === 'warm'))) {
      const what = `${manifests.length} objects, ${isWarm ? 'from the cache' : 'rendered'}`;
      throw new Error(`${source.name}, ${kind}: ${what}; expected ${expected}`);
    }
  };
  return { how, work, cpuMs: () => familyCpuMs(renderer.pid), renders };
}

type How = 'commandLine' | 'cold' | 'coldByProcesses' | 'warm';

/** A way to render. */
interface Way {
  readonly how: How;
  /** Each call gets another number, from 0. */
  readonly work: (number: number) => Promise<void>;
  /** Processor time so far. */
  readonly cpuMs: () => number;
  readonly renders: number;
}

/** All ways in short turns, so that what else the machine does falls on each of them. */
async function measureInTurns(ways: readonly Way[]): Promise<ReadonlyMap<How, Rate>> {
  const runs = ways.map((way) => ({ way, next: 0, times: [] as number[], cpuMs: 0 }));
  for (const turn of runs) for (let index = 0; index < WARM_UPS; index++) await turn.way.work(turn.next++);
  for (let round = 0; round < TURNS; round++) {
    for (const turn of runs) {
      const cpuBefore = turn.way.cpuMs();
      const end = Math.round((turn.way.renders * (round + 1)) / TURNS);
      while (turn.times.length < end) {
        const start = performance.now();
        await turn.way.work(turn.next++);
        turn.times.push(performance.now() - start);
      }
      turn.cpuMs += turn.way.cpuMs() - cpuBefore;
    }
  }
  const rates = new Map<How, Rate>();
  for (const { way, next, times, cpuMs } of runs) {
    const cpu = round(cpuMs / way.renders, 2);
    const measured = { ...spread(times), cpuMs: cpu, renders: way.renders };
    rates.set(way.how, { ...measured, perSecond: await perSecond(way, next) });
  }
  return rates;
}

/** Several at a time. */
async function perSecond({ work, renders }: Way, from: number): Promise<number> {
  let next = from;
  const start = performance.now();
  const some = async (): Promise<void> => {
    while (next < from + renders) await work(next++);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, some));
  return round((renders * 1_000) / (performance.now() - start), 1);
}

/** Half of the times are below the median, 5 % above the other. */
export function spread(times: readonly number[]): Pick<Rate, 'medianMs' | 'p95Ms'> {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { medianMs: round(at(0.5), 2), p95Ms: round(at(0.95), 2) };
}
