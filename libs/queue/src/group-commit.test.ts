import { describe, expect, it } from 'vitest';
import { groupCommit } from './group-commit.js';

/** A write whose end the test decides. */
function heldWrites() {
  const groups: string[][] = [];
  const ends: ((error?: Error) => void)[] = [];
  const write = (items: readonly string[]): Promise<void> => {
    groups.push([...items]);
    return new Promise((resolve, reject) => {
      ends.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  };
  return { groups, ends, write };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('groupCommit', () => {
  it('writes what one turn asks for at once, and all that came meanwhile in the next write', async () => {
    const { groups, ends, write } = heldWrites();
    const enqueue = groupCommit(write);
    const first = [enqueue('a'), enqueue('b')];
    await turn();
    const second = [enqueue('c'), enqueue('d'), enqueue('e')];
    await turn();
    expect(groups).toEqual([['a', 'b']]);
    ends[0]?.();
    await Promise.all(first);
    await turn();
    expect(groups).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]);
    ends[1]?.();
    await Promise.all(second);
  });

  it('fails only those whose write failed', async () => {
    const { groups, ends, write } = heldWrites();
    const enqueue = groupCommit(write);
    const lost = enqueue('lost');
    await turn();
    const kept = enqueue('kept');
    ends[0]?.(new Error('READONLY'));
    await expect(lost).rejects.toThrow('READONLY');
    await turn();
    ends[1]?.();
    await expect(kept).resolves.toBeUndefined();
    expect(groups).toEqual([['lost'], ['kept']]);
  });

  it('begins again after a rest', async () => {
    const { groups, ends, write } = heldWrites();
    const enqueue = groupCommit(write);
    const first = enqueue('a');
    await turn();
    ends[0]?.();
    await first;
    await turn();
    const second = enqueue('b');
    await turn();
    ends[1]?.();
    await second;
    expect(groups).toEqual([['a'], ['b']]);
  });
});
