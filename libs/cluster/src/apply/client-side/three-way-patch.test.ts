import { describe, expect, it } from 'vitest';
import type { FieldRule, MergeRules } from './merge-rules.js';
import { threeWayPatch } from './three-way-patch.js';

function rule(type: string | undefined, changes: Partial<FieldRule> = {}): FieldRule {
  return { type, merge: false, mergeKey: undefined, retainKeys: false, ...changes };
}

const rules: MergeRules = {
  root: 'Root',
  types: new Map([
    [
      'Root',
      new Map([
        ['items', rule('Item', { merge: true, mergeKey: 'name' })],
        ['set', rule(undefined, { merge: true })],
        ['choice', rule('Choice', { retainKeys: true })],
      ]),
    ],
    ['Item', new Map()],
    ['Choice', new Map()],
  ]),
};

describe('threeWayPatch', () => {
  it.each([
    {
      name: 'is empty for equal objects with server defaults',
      original: { a: 1 },
      modified: { a: 1 },
      live: { a: 1, b: 2 },
      patch: {},
    },
    { name: 'sets what differs', original: { a: 1 }, modified: { a: 2 }, live: { a: 1 }, patch: { a: 2 } },
    {
      name: 'removes what the last manifest had',
      original: { a: 1, b: 1 },
      modified: { a: 1 },
      live: { a: 1, b: 1 },
      patch: { b: null },
    },
    { name: 'leaves what others added', original: {}, modified: {}, live: { b: 1 }, patch: {} },
    {
      name: 'does not send empty values that the server dropped',
      original: {},
      modified: { a: {}, b: [], c: null },
      live: {},
      patch: {},
    },
    {
      name: 'merges list elements by key',
      original: { items: [{ name: 'x', v: 1 }, { name: 'y' }] },
      modified: { items: [{ name: 'x', v: 2 }, { name: 'z' }] },
      live: { items: [{ name: 'x', v: 1, d: 0 }, { name: 'y' }, { name: 'injected' }] },
      patch: { items: [{ v: 2, name: 'x' }, { name: 'z' }, { $patch: 'delete', name: 'y' }] },
    },
    {
      name: 'merges sets',
      original: { set: ['a', 'b'] },
      modified: { set: ['a', 'c'] },
      live: { set: ['a', 'b', 'd'] },
      patch: { set: ['c'], '$deleteFromPrimitiveList/set': ['b'] },
    },
    {
      name: 'keeps only the given keys of a union',
      original: { choice: { one: 1 } },
      modified: { choice: { two: 2 } },
      live: { choice: { one: 1 } },
      patch: { choice: { one: null, two: 2, $retainKeys: ['two'] } },
    },
  ])('$name', ({ original, modified, live, patch }) => {
    expect(threeWayPatch({ original, modified, live }, rules)).toEqual(patch);
  });

  it('replaces lists without rules as a whole', () => {
    const versions = {
      original: undefined,
      modified: { items: [{ name: 'x' }] },
      live: { items: [{ name: 'x', d: 0 }] },
    };
    expect(threeWayPatch(versions, undefined)).toEqual({ items: [{ name: 'x' }] });
  });
});
