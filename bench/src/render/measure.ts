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
  const commandLine =
    command === undefined ? undefined : await measureCommand(stage.checkout(source), command, renders);
  const request = { source, url: stage.urls[name] };
  const cold = await measureRequests({ ...request, renderer: stage.withRenderers, renders, kind: 'cold' });
  const many = renders * WARM_FACTOR;
  const warm = await measureRequests({ ...request, renderer: stage.withRenderers, renders: many, kind: 'warm' });
  const coldByProcesses =
    command === undefined
      ? undefined
      : await measureRequests({ ...request, renderer: stage.withoutRenderers, renders, kind: 'cold' });
  return { name, what, objects: objects(0), commandLine, cold, coldByProcesses, warm };
}

function measureCommand(
  cwd: string,
  { tool, args }: NonNullable<BenchSource['command']>,
  renders: number,
): Promise<Rate> {
  const binary = toolPath(tool);
  const env = { HOME: cwd, KUBECONFIG: '/dev/null' };
  const work = async (): Promise<void> => {
    await run(binary, [...args], { cwd, env });
  };
  return measure({ work, cpuMs: endedChildrenCpuMs, renders });
}

interface Requests {
  readonly source: BenchSource;
  readonly url: string;
  readonly renderer: Renderer;
  readonly renders: number;
  readonly kind: 'cold' | 'warm';
}

function measureRequests({ source, url, renderer, renders, kind }: Requests): Promise<Rate> {
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
  return measure({ work, cpuMs: () => familyCpuMs(renderer.pid), renders });
}

interface Measured {
  /** Each call gets another number, from 0. */
  readonly work: (number: number) => Promise<void>;
  /** Processor time so far. */
  readonly cpuMs: () => number;
  readonly renders: number;
}

async function measure({ work, cpuMs, renders }: Measured): Promise<Rate> {
  let next = 0;
  const one = (): Promise<void> => work(next++);
  for (let index = 0; index < WARM_UPS; index++) await one();
  const cpuBefore = cpuMs();
  const times: number[] = [];
  for (let index = 0; index < renders; index++) {
    const start = performance.now();
    await one();
    times.push(performance.now() - start);
  }
  const cpu = (cpuMs() - cpuBefore) / renders;
  const last = next + renders;
  const start = performance.now();
  const some = async (): Promise<void> => {
    while (next < last) await one();
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, some));
  const seconds = (performance.now() - start) / 1_000;
  return { ...spread(times), cpuMs: round(cpu, 2), renders, perSecond: round(renders / seconds, 1) };
}

/** Half of the times are below the median, 5 % above the other. */
export function spread(times: readonly number[]): Pick<Rate, 'medianMs' | 'p95Ms'> {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { medianMs: round(at(0.5), 2), p95Ms: round(at(0.95), 2) };
}
