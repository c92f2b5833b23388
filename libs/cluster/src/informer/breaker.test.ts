import { GitOpsError } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { parseStatus, statusError } from '../client/errors.js';
import type { KubeClient } from '../ports.js';
import { createBreaker } from './breaker.js';

const down = new GitOpsError('Upstream', 'no answer');
const signal = AbortSignal.timeout(600_000);

/** A server that fails to answer `failures` probes. */
function serverOf(failures: number) {
  const state = { probes: 0 };
  const request = (): Promise<unknown> => {
    state.probes += 1;
    return state.probes > failures ? Promise.resolve({}) : Promise.reject(down);
  };
  return { state, client: { request } as unknown as KubeClient };
}

describe('the breaker', () => {
  it('lets an answer of the server pass: that is no outage', async () => {
    const { client, state } = serverOf(9);
    const refused = statusError({ server: 's', method: 'GET', path: '/' }, parseStatus(403, ''), undefined);
    await createBreaker(client)(refused, signal, () => undefined);
    expect(state.probes).toBe(0);
  });

  it('asks once for all that wait, in the end every 10 s, and releases them together (R17)', async () => {
    const { client, state } = serverOf(12);
    const pauses: number[] = [];
    const breaker = createBreaker(client, (ms) => Promise.resolve(pauses.push(ms)));
    let told = 0;
    await Promise.all(Array.from({ length: 50 }, () => breaker(down, signal, () => told++)));
    expect([state.probes, told]).toEqual([13, 12 * 50]);
    expect(pauses[0]).toBeLessThan(300);
    for (const ms of pauses.slice(-5)) expect(Math.abs(ms - 10_000)).toBeLessThanOrEqual(1_000);
  });

  it('lets go of who is stopped, and probes for nobody no longer', async () => {
    const { client, state } = serverOf(Number.POSITIVE_INFINITY);
    const controller = new AbortController();
    let resume: () => void = () => undefined;
    const paused = new Promise<void>((reached) => {
      const pause = (): Promise<void> => {
        reached();
        return new Promise((resolve) => {
          resume = resolve;
        });
      };
      const waiting = createBreaker(client, pause)(down, controller.signal, () => undefined);
      void waiting.then(() => resume());
    });
    await paused;
    controller.abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect(state.probes).toBe(1);
  });
});
