import { describe, expect, it } from 'vitest';
import { decodeBase64Text, encodeBase64Text, formatDuration, parseDuration, utf8Length } from '../index.js';

describe('durations', () => {
  it.each([
    ['180s', 180_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['500ms', 500],
    ['2d', 172_800_000],
    ['0', 0],
    ['-5s', -5_000],
    ['1m0.5s', 60_500],
    ['180', undefined],
    ['', undefined],
    ['5 s', undefined],
    ['1y', undefined],
  ])('%s', (text, expected) => expect(parseDuration(text)).toBe(expected));

  it.each([
    [90_000, '1m30s'],
    [3_600_000, '1h'],
    [0, '0s'],
    [250, '250ms'],
    [-5_000, '-5s'],
  ])('%d ms is written %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('encoding', () => {
  it.each(['', 'a', 'ab', 'abc', 'пароль ✓ 🚀', 'line\nline'])('base64 round trip of %j', (text) => {
    expect(encodeBase64Text(text)).toBe(Buffer.from(text).toString('base64'));
    expect(decodeBase64Text(encodeBase64Text(text))).toBe(text);
    expect(utf8Length(text)).toBe(Buffer.byteLength(text));
  });

  it.each(['a', 'a*b=', '/w=='])('%s is not base64 of a text', (text) => {
    expect(decodeBase64Text(text)).toBeUndefined();
  });
});
