/** One run: start everything, measure in order, stop everything. */
import { availableParallelism } from 'node:os';
import { login } from './api.js';
import type { BenchOptions } from './options.js';
import { measureHeal, measureIdle, measureList, measurePush, measureSync } from './phases.js';
import { mapValues, peakRssMb, round } from './processes.js';
import type { BenchResult } from './results.js';
import { type Stage, startStage } from './stage.js';
import { applicationNames, OBJECTS_PER_APPLICATION } from './workload.js';

/** Throws with the services' last lines when something is not reached. */
export async function runBenchmark(options: BenchOptions, say: (line: string) => void): Promise<BenchResult> {
  say('starting the control plane, Redis, a Git server and the services');
  const stage = await startStage(applicationNames(options.applications));
  const interrupted = new Promise<never>((_, reject) => {
    process.once('SIGINT', () => reject(new Error('interrupted')));
  });
  interrupted.catch(() => undefined);
  try {
    return await Promise.race([measure(stage, options, say), interrupted]);
  } catch (error) {
    throw new Error(`${String(error)}\n${stage.installation.logTails()}`, { cause: error });
  } finally {
    await stage.stop();
  }
}

async function measure(stage: Stage, options: BenchOptions, say: (line: string) => void): Promise<BenchResult> {
  const startedAt = new Date().toISOString();
  const step = async <T>(what: string, work: Promise<T>, show: (result: T) => string): Promise<T> => {
    say(what);
    const result = await work;
    say(`  ${show(result)}`);
    return result;
  };
  const api = await login(stage.installation);
  const count = options.applications;
  const sync = await step(`creating ${count} applications`, measureSync(stage), ({ seconds }) => `${seconds} s`);
  const idle = await step(
    `idle for ${options.idleSeconds} s`,
    measureIdle(stage, options.idleSeconds),
    ({ cpuPercent }) => `${cpuPercent['services']} % of a core`,
  );
  const push = await step(`pushing ${options.pushes} times`, measurePush(stage, api, options.pushes), showMedian);
  const heal = await step(`causing drift ${options.heals} times`, measureHeal(stage, options.heals), showMedian);
  const list = await step(`listing ${options.lists} times`, measureList(api, options.lists), showMedian);
  return {
    applications: count,
    objects: count * OBJECTS_PER_APPLICATION,
    node: process.version,
    cores: availableParallelism(),
    startedAt,
    ...{ sync, idle, push, heal, list },
    peakRssMb: mapValues(stage.pids, (pid) => round(peakRssMb(pid), 1)),
  };
}

function showMedian({ medianMs }: { readonly medianMs: number }): string {
  return `median ${medianMs} ms`;
}
