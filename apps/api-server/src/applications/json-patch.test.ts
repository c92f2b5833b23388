/** RFC 6902 and RFC 7386 by example. */
import { describe, expect, it } from 'vitest';
import { applyJsonPatch, applyMergePatch } from './json-patch.js';

describe('applyJsonPatch', () => {
  it.each<[string, unknown, unknown[], unknown]>([
    ['add a field', {}, [{ op: 'add', path: '/a', value: 1 }], { a: 1 }],
    ['add into a list', [1, 3], [{ op: 'add', path: '/1', value: 2 }], [1, 2, 3]],
    ['append to a list', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    [
      'remove a field and an element',
      { a: [1, 2], b: 1 },
      [
        { op: 'remove', path: '/a/0' },
        { op: 'remove', path: '/b' },
      ],
      { a: [2] },
    ],
    ['replace an element', [1], [{ op: 'replace', path: '/0', value: 2 }], [2]],
    ['replace the whole document', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
    ['move', { a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: 1 }],
    [
      'copy is independent',
      { a: [1] },
      [
        { op: 'copy', from: '/a', path: '/b' },
        { op: 'add', path: '/b/-', value: 2 },
      ],
      { a: [1], b: [1, 2] },
    ],
    ['test equal values', { a: { b: [1] } }, [{ op: 'test', path: '/a', value: { b: [1] } }], { a: { b: [1] } }],
    [
      'names with slash and tilde',
      { 'a/b': 1, 'c~d': 2 },
      [
        { op: 'remove', path: '/a~1b' },
        { op: 'replace', path: '/c~0d', value: 3 },
      ],
      { 'c~d': 3 },
    ],
  ])('%s', (...[, document, patch, expected]) => {
    const before = structuredClone(document);
    expect(applyJsonPatch(document, patch)).toEqual(expected);
    expect(document).toEqual(before);
  });

  it.each<[string, unknown, RegExp]>([
    ['what is no list', {}, /must be a list/],
    ['an operation without a path', [{ op: 'add' }], /operation 0 .*needs "op" and "path"/],
    ['a missing field', [{ op: 'remove', path: '/x' }], /"\/x" does not exist/],
    ['a missing parent', [{ op: 'add', path: '/x/y', value: 1 }], /does not exist/],
    ['an index beyond the list', [{ op: 'add', path: '/list/5', value: 1 }], /no index "5"/],
    ['an index that is no number', [{ op: 'replace', path: '/list/01', value: 1 }], /no index "01"/],
    ['a path without a slash', [{ op: 'add', path: 'a', value: 1 }], /not a JSON pointer/],
    ['a prototype', [{ op: 'add', path: '/__proto__/x', value: 1 }], /__proto__/],
    ['a move into itself', [{ op: 'move', from: '/list', path: '/list/0' }], /into itself/],
    ['an unknown operation', [{ op: 'merge', path: '/a' }], /"merge" is not an operation/],
    [
      'the second of two operations',
      [
        { op: 'test', path: '/a', value: 1 },
        { op: 'test', path: '/a', value: 2 },
      ],
      /operation 1/,
    ],
  ])('refuses %s', (_, patch, message) => {
    expect(() => applyJsonPatch({ a: 1, list: [1] }, patch)).toThrow(message);
  });
});

describe('applyMergePatch', () => {
  it.each<[unknown, unknown, unknown]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [['a', 'b'], ['c'], ['c']],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('%j with %j is %j', (target, patch, expected) => {
    expect(applyMergePatch(target, patch)).toEqual(expected);
  });

  it('does not reach the prototype', () => {
    const result = applyMergePatch({}, JSON.parse('{"__proto__":{"admin":true}}')) as { admin?: boolean };
    expect(result.admin).toBeUndefined();
  });
});
