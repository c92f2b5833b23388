import { describe, expect, it } from 'vitest';
import { CHAIN_START, type ChainState, chainLine, verifyChain } from './chain.js';

function chain(count: number, from: ChainState = { sequence: 0, hash: CHAIN_START }): string[] {
  let state = from;
  return Array.from({ length: count }, (_, index) => {
    const line = chainLine(state, { user: `user ${index}`, text: '"quoted", {"hash":"x"}' });
    state = line;
    return line.text;
  });
}

describe('a chain of audit lines', () => {
  it('is complete as it was written, between other lines of the log', async () => {
    const [first = '', second = '', third = ''] = chain(3);
    const check = await verifyChain(['{"level":"info"}', first, '', second, 'text', third]);
    expect(check).toMatchObject({ ok: true, lines: 3, chains: [{ first: 1, last: 3 }] });
  });

  it('goes on in the next file of a rotation, and begins anew with a new process', async () => {
    const lines = chain(5);
    expect(await verifyChain(lines.slice(2))).toMatchObject({ ok: true, chains: [{ first: 3, last: 5 }] });
    const twice = await verifyChain([...lines, ...chain(2)]);
    expect(twice).toMatchObject({
      ok: true,
      chains: [
        { first: 1, last: 5 },
        { first: 1, last: 2 },
      ],
    });
  });

  const changed = (text: string) => text.replace('user 2', 'user 9');
  it.each([
    ['a line was cut out', (lines: string[]) => lines.toSpliced(2, 1), 3, 'between number 2 and number 4'],
    ['two lines were cut out', (lines: string[]) => lines.toSpliced(1, 2), 2, 'between number 1 and number 4'],
    ['a line was changed', (lines: string[]) => lines.map(changed), 3, 'changed after it was written'],
    ['two lines were exchanged', ([a, b, c, ...rest]: string[]) => [a, c, b, ...rest] as string[], 2, 'missing'],
    ['a line is there twice', ([a, b, ...rest]: string[]) => [a, b, b, ...rest] as string[], 3, 'missing'],
    ['a line was made up', (lines: string[]) => [...lines, `${lines[0]?.slice(0, -3)}"}`], 6, 'changed'],
    ['the rest of another log follows', (lines: string[]) => [...lines, ...chain(9).slice(6)], 6, 'missing'],
  ])('shows that %s', async (...[, tamper, line, problem]) => {
    const expected = expect.stringContaining(problem) as string;
    expect(await verifyChain(tamper(chain(5)))).toEqual({ ok: false, line, problem: expected });
  });
});
