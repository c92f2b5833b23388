/** Selectors and field masks. */
import { describe, expect, it } from 'vitest';
import { parseFieldMask } from './field-mask.js';
import { parseSelector } from './selector.js';

describe('parseSelector', () => {
  const labels = { app: 'web', tier: 'front', 'example.com/x': '' };
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web,tier=front', true],
    ['app=api', false],
    ['app!=api', true],
    ['missing!=x', true],
    ['app in (web, api)', true],
    ['app in (api),tier=front', false],
    ['app notin (api,db)', true],
    ['missing notin (a)', true],
    ['example.com/x', true],
    ['!example.com/x', false],
    ['!missing', true],
    ['example.com/x=', true],
  ])('"%s" is %s', (selector, expected) => {
    expect(parseSelector(selector)(labels)).toBe(expected);
  });

  it.each(['a=b=c', 'a in b', '=x', 'a b'])('refuses "%s"', (selector) => {
    expect(() => parseSelector(selector)).toThrow(/not a label selector/);
  });
});

describe('parseFieldMask', () => {
  const value = { metadata: { name: 'a', labels: { x: '1' } }, list: [{ a: 1, b: 2 }, { a: 3 }], text: 't' };
  it.each([
    ['metadata.name', { metadata: { name: 'a' } }],
    ['metadata', { metadata: { name: 'a', labels: { x: '1' } } }],
    ['list.a,text', { list: [{ a: 1 }, { a: 3 }], text: 't' }],
    ['missing.x', undefined],
    ['-list,metadata.labels', { metadata: { name: 'a' }, text: 't' }],
    ['-list.a', { ...value, list: [{ b: 2 }, {}] }],
    ['-missing', value],
  ])('%s', (text, expected) => {
    expect(parseFieldMask(text)?.apply(value)).toEqual(expected);
  });

  it('is undefined without fields', () => {
    expect(parseFieldMask(undefined)).toBeUndefined();
    expect(parseFieldMask(' ')).toBeUndefined();
  });

  it('reaches below a path', () => {
    const mask = parseFieldMask('items.metadata.name,metadata');
    expect(mask?.at('items').apply(value)).toEqual({ metadata: { name: 'a' } });
    expect([mask?.drops('items'), mask?.drops('metadata'), mask?.drops('kind')]).toEqual([false, false, true]);
    expect(parseFieldMask('-items')?.drops('items')).toBe(true);
  });
});
