import { describe, expect, it } from 'vitest';
import { type Change, createLatestItems, mergeChanges } from './latest-items.js';

const change = (type: Change<string>['type'], object: string): Change<string> => ({ type, object });

describe('mergeChanges', () => {
  it.each([
    ['ADDED', 'MODIFIED', 'ADDED'],
    ['ADDED', 'DELETED', undefined],
    ['MODIFIED', 'MODIFIED', 'MODIFIED'],
    ['MODIFIED', 'DELETED', 'DELETED'],
    ['DELETED', 'ADDED', 'MODIFIED'],
  ] as const)('%s and then %s is %s, with the newest state', (first, second, expected) => {
    const merged = mergeChanges(change(first, 'old'), change(second, 'new'));
    expect(merged).toEqual(expected === undefined ? undefined : change(expected, 'new'));
  });
});

describe('createLatestItems', () => {
  const setup = () => {
    const controller = new AbortController();
    const items = createLatestItems<string, Change<string>>(mergeChanges);
    const reader = items.read(controller.signal);
    return { controller, items, reader };
  };

  it('gives a slow reader one item for each key, the newest, in the order of arrival', async () => {
    const { items, reader } = setup();
    items.put('a', change('ADDED', 'a1'));
    items.put('b', change('ADDED', 'b1'));
    for (let round = 2; round <= 1000; round += 1) items.put('a', change('MODIFIED', `a${round}`));
    expect((await reader.next()).value).toEqual(change('ADDED', 'a1000'));
    expect((await reader.next()).value).toEqual(change('ADDED', 'b1'));
  });

  it('wakes a reader that waits', async () => {
    const { items, reader } = setup();
    const next = reader.next();
    items.put('a', change('MODIFIED', 'a1'));
    expect(await next).toEqual({ done: false, value: change('MODIFIED', 'a1') });
  });

  it('ends with the signal, whether the reader waits or not', async () => {
    const { controller, items, reader } = setup();
    const next = reader.next();
    controller.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    items.put('a', change('ADDED', 'a1'));
    expect((await reader.next()).done).toBe(true);
  });
});
