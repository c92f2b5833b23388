import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createEnvelope } from './envelope.js';

const envelope = createEnvelope('k'.repeat(32));
const text = (size: number) => Buffer.from('apiVersion: v1\n'.repeat(Math.ceil(size / 15)).slice(0, size));

describe('seal and open', () => {
  it.each([
    { name: 'an empty value', value: Buffer.alloc(0) },
    { name: 'a small value', value: Buffer.from('hello') },
    { name: 'a big value that compresses', value: text(100_000) },
    { name: 'a big value that does not', value: randomBytes(10_000) },
    { name: 'a very big value', value: Buffer.concat([text(300_000), randomBytes(100_000)]) },
  ])('returns $name', async ({ value }) => {
    expect(await envelope.open('key', await envelope.seal('key', value))).toEqual({ kind: 'value', value });
  });

  it('compresses big values only', async () => {
    expect((await envelope.seal('key', text(1_000))).length).toBeGreaterThan(1_000);
    expect((await envelope.seal('key', text(100_000))).length).toBeLessThan(5_000);
  });
});

describe('a value that is not what was sealed is rejected (S3)', () => {
  it('whichever single byte was flipped', async () => {
    const sealed = await envelope.seal('key', Buffer.from('replicas: 3'));
    for (let index = 0; index < sealed.length; index += 1) {
      const forged = Buffer.from(sealed);
      forged[index] = (forged[index] ?? 0) ^ 1;
      expect((await envelope.open('key', forged)).kind, `byte ${index}`).toBe('rejected');
    }
  });

  it.each([
    { name: 'it was cut', forge: (sealed: Buffer) => sealed.subarray(0, -1) },
    { name: 'it was cut within the code', forge: (sealed: Buffer) => sealed.subarray(0, 20) },
    { name: 'it is empty', forge: () => Buffer.alloc(0) },
    { name: 'something was added', forge: (sealed: Buffer) => Buffer.concat([sealed, Buffer.from('x')]) },
  ])('because $name', async ({ forge }) => {
    const sealed = await envelope.seal('key', text(5_000));
    expect((await envelope.open('key', forge(sealed))).kind).toBe('rejected');
  });

  it('because it was sealed for another key, or with another cache key', async () => {
    const sealed = await envelope.seal('a', Buffer.from('bc'));
    expect((await envelope.open('ab', sealed)).kind).toBe('rejected');
    expect((await createEnvelope('x'.repeat(32)).open('a', sealed)).kind).toBe('rejected');
  });
});

it('shows nothing of the value, and never the same twice (S21)', async () => {
  const value = Buffer.from('password: c4nary-c4nary');
  const [one, two] = await Promise.all([envelope.seal('key', value), envelope.seal('key', value)]);
  expect(one.includes('c4nary')).toBe(false);
  expect(one.subarray(2)).not.toEqual(two.subarray(2));
});

it('refuses a short cache key and says how to make one', () => {
  expect(() => createEnvelope('short')).toThrow(/only 5 bytes.*openssl rand/);
});
