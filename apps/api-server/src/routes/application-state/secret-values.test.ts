import { describe, expect, it } from 'vitest';
import { withLiveValues } from './secret-values.js';

const secret = (parts: object) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, ...parts });

describe('withLiveValues (S21)', () => {
  it.each([
    ['a guess is replaced', { data: { a: 'guess' } }, { data: { a: 'real' } }],
    ['a guess as text, too', { stringData: { a: 'guess' } }, { data: { a: 'real' } }],
    [
      'a new key stays',
      { data: { n: 'new' }, stringData: { t: 'text' } },
      { data: { n: 'new' }, stringData: { t: 'text' } },
    ],
    ['a key that goes is not brought back', { data: { b: 'x' } }, { data: { b: 'other' } }],
    ['nothing comes of nothing', {}, {}],
  ])('%s', (_, given, expected) => {
    const live = secret({ data: { a: 'real', b: 'other' } });
    expect(withLiveValues(secret(given), live)).toEqual(secret(expected));
  });
});
