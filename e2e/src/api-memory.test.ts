/** Large bodies, many at once: the api-server stays alive and within its memory (S12, S14). */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useSite } from './support/site.js';

const site = useSite('memory');
const MIB = 1024 * 1024;
/** Of the process at its peak; without a common limit it is twice as much, and grows with the number of requests. */
const MAX_RESIDENT_MIB = 450;
const AT_ONCE = 40;
const REFUSED = [400, 413, 422, 429];

const BODIES: readonly (readonly [string, string])[] = [
  ['one long text', JSON.stringify({ metadata: { name: 'x'.repeat(15 * MIB) } })],
  ['many small objects', `{"metadata":{"name":"a"},"spec":[${'{},'.repeat(5 * MIB)}{}]}`],
  ['deep lists', '['.repeat(7 * MIB) + ']'.repeat(7 * MIB)],
];

it('bodies of 15 MiB, 40 at once', async () => {
  const { installation, api } = site();
  const { pid } = installation.service('api-server');
  for (const [name, body] of BODIES) {
    const send = async () => (await api.call('POST', '/api/v1/applications', { body })).status;
    // A connection that is closed while the body is still sent has no answer.
    const statuses = await Promise.all(Array.from({ length: AT_ONCE }, () => send().catch(() => undefined)));
    const others = statuses.filter((status) => status !== undefined && !REFUSED.includes(status));
    expect(others, name).toEqual([]);
    expect(
      statuses.some((status) => status === 400 || status === 413),
      `${name}: ${statuses.join()}`,
    ).toBe(true);
    expect(installation.service('api-server').isRunning(), installation.service('api-server').logTail(10)).toBe(true);
  }
  expect(installation.service('api-server').pid).toBe(pid);
  expect((await api.call('GET', '/api/v1/applications')).status).toBe(200);
  const [, peak = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  console.log(`peak ${Math.round(Number(peak) / 1024)} MiB`);
  expect(Number(peak) / 1024).toBeLessThan(MAX_RESIDENT_MIB);
});
