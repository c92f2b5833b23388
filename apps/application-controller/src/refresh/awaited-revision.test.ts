import { describe, expect, it } from 'vitest';
import { type Awaited, awaitedRevision, type Looked, mayStillCome } from './awaited-revision.js';

const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];
const ANNOUNCED = { before: A, after: [B], at: 100_000 };
const looked = (changes: Partial<Looked>): Looked => ({
  ...{ announced: [ANNOUNCED], resolved: [A], known: [A], now: 100_200 },
  ...changes,
});

describe('awaitedRevision', () => {
  it.each<[string, Partial<Looked>, Awaited]>([
    ['nothing was announced', { announced: [undefined] }, { kind: 'come' }],
    ['the announced commit is there', { resolved: [B] }, { kind: 'come' }],
    [
      'an annotated tag is there as its commit',
      { announced: [{ ...ANNOUNCED, after: [C, B] }], resolved: [B] },
      { kind: 'come' },
    ],
    ['the commit of before is not enough', { known: [C] }, { kind: 'awaited', since: 101_000, afterMs: 800 }],
    [
      'nor what was compared last',
      { announced: [{ after: [B], at: 100_000 }] },
      { kind: 'awaited', since: 101_000, afterMs: 800 },
    ],
    ['a third commit is taken: the ref has moved on', { resolved: [C] }, { kind: 'come' }],
    [
      'a ref that was moved back is announced as what it was',
      { announced: [{ before: B, after: [A], at: 100_000 }], resolved: [A] },
      { kind: 'come' },
    ],
    [
      'a ref that could not be found may come',
      { resolved: undefined },
      { kind: 'awaited', since: 101_000, afterMs: 800 },
    ],
    ['it is asked later and later', { now: 107_500 }, { kind: 'awaited', since: 115_000, afterMs: 7_500 }],
    ['a last time after 30 s', { now: 129_999 }, { kind: 'awaited', since: 130_000, afterMs: 1 }],
    ['then no more', { now: 130_000 }, { kind: 'missed', sourceIndex: 0 }],
    ['without an answer the failure is told, nothing else', { now: 130_000, resolved: undefined }, { kind: 'come' }],
    [
      'a range is asked about again for a short while',
      { announced: [{ ...ANNOUNCED, uncertain: true }], now: 102_000 },
      { kind: 'awaited', since: 103_000, afterMs: 1_000 },
    ],
    [
      'and keeps what it means, without a word',
      { announced: [{ ...ANNOUNCED, uncertain: true }], now: 103_000 },
      { kind: 'come' },
    ],
    [
      'of several sources the one that is behind is named',
      { announced: [undefined, ANNOUNCED], resolved: [C, A], known: undefined, now: 130_000 },
      { kind: 'missed', sourceIndex: 1 },
    ],
    [
      'one that may still come is awaited, though another was missed',
      { announced: [ANNOUNCED, { ...ANNOUNCED, at: 129_000 }], resolved: [A, A], known: [A, A], now: 130_500 },
      { kind: 'awaited', since: 132_000, afterMs: 1_500 },
    ],
  ])('%s', (_, changes, expected) => {
    expect(awaitedRevision(looked(changes))).toEqual(expected);
  });

  it('every application of a push asks at the same moments, whenever it looks', () => {
    const sinces = [100_001, 100_400, 100_999].map((now) => awaitedRevision(looked({ now })));
    expect(new Set(sinces.map((awaited) => (awaited as { since: number }).since))).toEqual(new Set([101_000]));
  });

  it('a push that never comes is asked about five times, not for ever', () => {
    const moments: number[] = [];
    for (let now = 100_050; ; ) {
      const awaited = awaitedRevision(looked({ now }));
      if (awaited.kind !== 'awaited') break;
      moments.push(awaited.since);
      now = awaited.since;
    }
    expect(moments).toEqual([101_000, 103_000, 107_000, 115_000, 130_000]);
  });
});

describe('mayStillCome', () => {
  it.each([
    [[], 100_000, false],
    [[undefined], 100_000, false],
    [[undefined, ANNOUNCED], 129_999, true],
    [[ANNOUNCED], 130_000, false],
  ])('%j at %i: %s', (announced, now, expected) => {
    expect(mayStillCome(announced, now)).toBe(expected);
  });
});
