import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { requestIds } from './audit.js';

describe('ids of requests', () => {
  const idOf = (given: string | undefined, trustProxy: boolean) =>
    requestIds(trustProxy)({ headers: { 'x-request-id': given } } as unknown as IncomingMessage);

  it.each(['4bf92f3577b34da6', 'edge-7.abc_1'])('%s of a trusted proxy is kept', (id) => {
    expect(idOf(id, true)).toBe(id);
    expect(idOf(id, false)).not.toBe(id);
  });

  it.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one with a line end', 'a\nfake log line'],
    ['one with quotes', 'a"b'],
    ['one that is too long', 'a'.repeat(65)],
  ])('%s is replaced', (_name, id) => expect(idOf(id, true)).toMatch(/^[0-9a-f-]{36}$/));
});
