/** Politeness towards hosts: few requests at a time, and none while a host asks to be left alone. */
import { createSemaphore, type Semaphore } from './concurrency.js';
import type { Clock } from './ports.js';

export interface HostGate {
  /** Waits for a place at the host. @throws the error of `paused` at once while the host's pause lasts. */
  run<T>(host: string, task: () => Promise<T>): Promise<T>;
}

export interface HostGateOptions {
  /** Requests to one host at a time. */
  readonly perHost: number;
  readonly clock: Clock;
  /** Milliseconds of the pause that an error asks for; undefined: it asks for none. */
  readonly pauseOf: (error: unknown) => number | undefined;
  /** The error for who comes while the pause lasts. */
  readonly paused: (host: string, leftMs: number) => Error;
}

interface Host {
  readonly places: Semaphore;
  pausedUntil: number;
}

const MAX_HOSTS = 1_000;

export function createHostGate({ perHost, clock, pauseOf, paused }: HostGateOptions): HostGate {
  const hosts = new Map<string, Host>();
  const hostOf = (name: string): Host => {
    const host = hosts.get(name) ?? { places: createSemaphore(perHost), pausedUntil: 0 };
    hosts.delete(name);
    hosts.set(name, host);
    for (const [oldest, { places }] of hosts) {
      if (hosts.size <= MAX_HOSTS) break;
      if (places.active === 0) hosts.delete(oldest);
    }
    return host;
  };
  return {
    run: async (name, task) => {
      const host = hostOf(name);
      const leftMs = host.pausedUntil - clock.now().getTime();
      if (leftMs > 0) throw paused(name, leftMs);
      try {
        return await host.places.run(task);
      } catch (error) {
        const pauseMs = pauseOf(error);
        if (pauseMs !== undefined) host.pausedUntil = clock.now().getTime() + pauseMs;
        throw error;
      }
    },
  };
}
