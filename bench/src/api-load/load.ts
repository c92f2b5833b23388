/** Many clients at once, each with a connection of its own that it keeps. */
import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

export interface Target {
  readonly url: string;
  readonly token: string;
}

export interface Load {
  readonly clients: number;
  /** Of each client. */
  readonly requests: number;
  /** From a request of a client to its next; 0: as soon as it has the answer. */
  readonly everyMs: number;
  readonly pathOf: (client: number, request: number) => string;
  /** No request begins after so much time. */
  readonly limitMs: number;
}

export interface LoadResult {
  /** Sorted. */
  readonly times: readonly number[];
  readonly seconds: number;
  /** Of the largest answer. */
  readonly bytes: number;
}

/** Throws when an answer is not 200. */
export async function runLoad(target: Target, load: Load): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.clients });
  const started = performance.now();
  const times: number[] = [];
  let bytes = 0;
  const runClient = async (client: number): Promise<void> => {
    // Clients that come at the same moment would measure their own crowd.
    await delay((load.everyMs * client) / load.clients);
    for (let index = 0; index < load.requests && performance.now() - started < load.limitMs; index += 1) {
      const before = performance.now();
      bytes = Math.max(bytes, await ask(target, { agent, path: load.pathOf(client, index) }));
      const took = performance.now() - before;
      times.push(took);
      if (load.everyMs > 0) await delay(Math.max(0, load.everyMs - took));
    }
  };
  try {
    await Promise.all(Array.from({ length: load.clients }, (_, client) => runClient(client)));
  } finally {
    agent.destroy();
  }
  return { times: times.sort((a, b) => a - b), seconds: (performance.now() - started) / 1_000, bytes };
}

function ask({ url, token }: Target, { agent, path }: { agent: Agent; path: string }): Promise<number> {
  const headers = { authorization: `Bearer ${token}`, 'accept-encoding': 'gzip' };
  return new Promise((resolve, reject) => {
    const sent = request(`${url}${path}`, { agent, headers }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(bytes);
        else reject(new Error(`${path}: ${answer.statusCode}`));
      });
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Of sorted values. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
