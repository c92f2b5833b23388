import { describe, expect, it } from 'vitest';
import type { WatchEvent } from '../ports.js';
import { watchEvents } from './watch-stream.js';

const text = [
  { type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'größe' } } },
  { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } },
  { type: 'ERROR', object: { kind: 'Status', code: 410, message: 'too old' } },
]
  .map((event) => `${JSON.stringify(event)}\n`)
  .join('');

async function* inChunks(size: number) {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += size)
    yield await Promise.resolve(bytes.subarray(start, start + size));
}

describe('watchEvents', () => {
  it.each([1, 3, 64, 10_000])('reads events whose lines and characters are split every %i bytes', async (size) => {
    const events: WatchEvent[] = [];
    for await (const event of watchEvents(inChunks(size))) events.push(event);
    expect(events).toEqual([
      { type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'größe' } } },
      { type: 'BOOKMARK', resourceVersion: '7' },
      { type: 'ERROR', code: 410, message: 'too old' },
    ]);
  });
});
