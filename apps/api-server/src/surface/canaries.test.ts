/** The detector itself: a secret is found however it was written, and nothing else is. */
import { createCertificateAuthority } from '@tiphys/testing';
import { describe, expect, it } from 'vitest';
import { createCanaries } from './canaries.js';

describe('a planted secret (S21)', () => {
  const canaries = createCanaries();
  const secret = canaries.plant('password');
  canaries.plant('another');
  const base64 = (text: string) => Buffer.from(text).toString('base64');

  it.each([
    ['plain', `x${secret}y`],
    ['twelve characters of its middle', `..${secret.slice(9, 21)}..`],
    ['its end', secret.slice(-12)],
    ['upper case', secret.toUpperCase()],
    ['hex', Buffer.from(secret).toString('hex')],
    ['base64', base64(secret)],
    ['base64 behind one byte', base64(`:${secret}`)],
    ['base64 behind two bytes', base64(`u:${secret}`)],
    ['base64 inside of more', base64(`{"password":"${secret}"}`)],
    ['base64 twice', base64(base64(secret))],
    ['inside of a long text', `${'a'.repeat(100_003)}${secret}`],
  ])('is found as %s', (_, text) => {
    expect(canaries.leaksIn(text).map((leak) => leak.secret)).toEqual(['password']);
  });

  it.each([
    ['masked', '++++++++'],
    ['eleven characters', secret.slice(5, 16)],
    ['other texts', JSON.stringify({ a: 'cnry', sha: 'c'.repeat(40) })],
  ])('is not found in %s', (_, text) => {
    expect(canaries.leaksIn(text)).toEqual([]);
  });

  it('that is a key is found by its private part only', () => {
    const issue = () => createCertificateAuthority().issue({ commonName: 'a', sans: ['localhost'] });
    const [own, other] = [issue(), issue()];
    const keys = createCanaries();
    keys.watchKey('key', own.key);
    expect(keys.leaksIn(own.key)).toMatchObject([{ secret: 'key' }]);
    expect(keys.leaksIn(base64(own.key))).toMatchObject([{ secret: 'key' }]);
    expect(keys.leaksIn(base64(base64(own.key)))).toEqual([]);
    expect(keys.leaksIn(`${own.cert}${other.key}`)).toEqual([]);
  });
});
