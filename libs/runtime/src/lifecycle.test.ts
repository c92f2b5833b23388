import { EventEmitter } from 'node:events';
import { expect, it, vi } from 'vitest';
import { type Lifecycle, runService, type ServiceOptions } from './lifecycle.js';
import { silentLogger } from './logger.js';

async function start(begin: (lifecycle: Lifecycle) => Promise<void>, options: Partial<ServiceOptions> = {}) {
  const exits: number[] = [];
  const host = Object.assign(new EventEmitter(), { exit: (code: number) => void exits.push(code) });
  await runService({ name: 'test', log: silentLogger, host, start: begin, ...options });
  const exit = () =>
    vi.waitFor(() => expect(exits).not.toEqual([]), { interval: 5, timeout: 15_000 }).then(() => exits);
  return { host, exit };
}

it('SIGTERM aborts the signal, stops the parts in reverse order one after the other, and exits 0', async () => {
  const steps: string[] = [];
  const { host, exit } = await start(async ({ signal, onStop }) => {
    signal.addEventListener('abort', () => steps.push('abort'));
    for (const part of ['cache', 'queue', 'server']) {
      onStop(part, async () => {
        steps.push(`stop ${part}`);
        await new Promise((resolve) => setImmediate(resolve));
        steps.push(`stopped ${part}`);
      });
    }
  });
  host.emit('SIGTERM');
  expect(await exit()).toEqual([0]);
  const stops = ['server', 'queue', 'cache'].flatMap((part) => [`stop ${part}`, `stopped ${part}`]);
  expect(steps).toEqual(['abort', ...stops]);
});

it('a second signal exits at once with 130', async () => {
  const { host, exit } = await start(async ({ onStop }) => onStop('slow', () => new Promise(() => undefined)));
  host.emit('SIGINT');
  host.emit('SIGINT');
  expect(await exit()).toEqual([130]);
});

it('a failed start stops what had been started and exits 1', async () => {
  const stopped: string[] = [];
  const { exit } = await start(async ({ onStop }) => {
    onStop('first', () => void stopped.push('first'));
    throw new Error('the port is taken');
  });
  expect(await exit()).toEqual([1]);
  expect(stopped).toEqual(['first']);
});

it.each(['unhandledRejection', 'uncaughtException'])('%s stops the parts and exits 1 (S14)', async (event) => {
  const stopped: string[] = [];
  const { host, exit } = await start(async ({ onStop }) => onStop('part', () => void stopped.push('part')));
  host.emit(event, new Error('a defect'));
  expect(await exit()).toEqual([1]);
  expect(stopped).toEqual(['part']);
});

it('a part that fails to stop does not keep the others from stopping; the exit code tells', async () => {
  const stopped: string[] = [];
  const { host, exit } = await start(async ({ onStop }) => {
    onStop('first', () => void stopped.push('first'));
    onStop('second', () => Promise.reject(new Error('stuck')));
  });
  host.emit('SIGTERM');
  expect(await exit()).toEqual([1]);
  expect(stopped).toEqual(['first']);
});

it('a part that never stops is left behind after the deadline', async () => {
  const begin = async ({ onStop }: Lifecycle) => onStop('stuck', () => new Promise<void>(() => undefined));
  const { host, exit } = await start(begin, { stopTimeoutMs: 20 });
  host.emit('SIGTERM');
  expect(await exit()).toEqual([1]);
});
