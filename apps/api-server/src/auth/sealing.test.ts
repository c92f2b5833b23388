import { expect, it } from 'vitest';
import { createSealer } from './sealing.js';

it('what is sealed can be opened with the same key for the same purpose, and only whole', () => {
  let secret = 'a secret';
  const sealer = createSealer(() => secret, 'login');
  const sealed = sealer.seal('text ü');
  expect(sealed).toMatch(/^[\w-]+$/);
  expect(sealer.open(sealed)).toBe('text ü');
  expect(sealer.seal('text ü')).not.toBe(sealed);
  expect(createSealer(() => secret, 'other').open(sealed)).toBeUndefined();
  const changed = `${sealed.slice(0, 20)}${sealed[20] === 'A' ? 'B' : 'A'}${sealed.slice(21)}`;
  for (const wrong of ['', 'x', changed, sealed.slice(0, -4), `${sealed}AAAA`])
    expect(sealer.open(wrong)).toBeUndefined();
  secret = 'another secret';
  expect(sealer.open(sealed)).toBeUndefined();
});
