import { describe, expect, it } from 'vitest';
import { fakeClock } from './clock.js';
import { createHostGate } from './host-gate.js';

const limited = new Error('429');
const gateOf = (clock = fakeClock(), perHost = 1) =>
  createHostGate({
    ...{ perHost, clock },
    pauseOf: (error) => (error === limited ? 5_000 : undefined),
    paused: (host, leftMs) => new Error(`${host} in ${leftMs} ms`),
  });

describe('createHostGate', () => {
  it('asks a host at a time as often as it may be, and other hosts meanwhile', async () => {
    const gate = gateOf();
    const order: string[] = [];
    let finish = (): void => undefined;
    const first = gate.run('a', () => new Promise<void>((resolve) => (finish = resolve)));
    const second = gate.run('a', async () => void order.push('second'));
    await gate.run('b', async () => void order.push('other'));
    expect(order).toEqual(['other']);
    finish();
    await Promise.all([first, second]);
    expect(order).toEqual(['other', 'second']);
  });

  it('leaves a host alone that limits requests, and asks again when the time is over', async () => {
    const clock = fakeClock();
    const gate = gateOf(clock);
    await expect(gate.run('a', () => Promise.reject(limited))).rejects.toBe(limited);
    clock.advance(2_000);
    let asked = 0;
    const ask = () => gate.run('a', async () => void (asked += 1));
    await expect(ask()).rejects.toThrow('a in 3000 ms');
    await gate.run('b', async () => undefined);
    clock.advance(3_000);
    await ask();
    expect(asked).toBe(1);
  });

  it('other errors pause nothing', async () => {
    const gate = gateOf();
    await expect(gate.run('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await gate.run('a', async () => 'fine')).toBe('fine');
  });
});
