import { describe, expect, it } from 'vitest';
import { type LogLine, momentOf } from './lines.js';
import { mergeByTime } from './merge.js';

function line(podName: string, second: number): LogLine {
  const time = `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
  return { podName, content: `${podName}${second}`, ...(momentOf(time) ?? { time, ms: 0, below: 0 }) };
}

async function* log(podName: string, ...seconds: readonly number[]): AsyncGenerator<LogLine> {
  for (const second of seconds) yield line(podName, second);
}

/** A log that speaks when it is told to. */
function toldLog() {
  const waiting: ((result: IteratorResult<LogLine>) => void)[] = [];
  return {
    log: { next: () => new Promise<IteratorResult<LogLine>>((resolve) => waiting.push(resolve)) },
    asked: () => waiting.length,
    say: (value: LogLine) => waiting.shift()?.({ done: false, value }),
    end: () => waiting.shift()?.({ done: true, value: undefined }),
  };
}

async function contents(logs: readonly AsyncIterator<LogLine>[], patienceMs: number): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const { content } of mergeByTime(logs, patienceMs)) texts.push(content);
  return texts;
}

describe('mergeByTime', () => {
  it.each([
    ['no log', [], []],
    ['an empty log', [log('a')], []],
    ['one log, as it is', [log('a', 3, 1, 2)], ['a3', 'a1', 'a2']],
    [
      'several logs by time',
      [log('a', 1, 4, 5), log('b', 2, 3, 9), log('c', 6)],
      ['a1', 'b2', 'b3', 'a4', 'a5', 'c6', 'b9'],
    ],
    ['equal times in the order of the logs', [log('a', 1), log('b', 1)], ['a1', 'b1']],
  ])('gives %s', async (_name, logs, expected) => {
    expect(await contents(logs, Number.POSITIVE_INFINITY)).toEqual(expected);
  });

  it('does not wait for ever for a log that is silent', async () => {
    const silent = toldLog();
    const merged = mergeByTime([log('a', 1, 2, 3), silent.log], 1);
    for (const content of ['a1', 'a2', 'a3']) expect((await merged.next()).value).toMatchObject({ content });
    const next = merged.next();
    silent.say(line('b', 2));
    expect((await next).value).toMatchObject({ content: 'b2' });
    const end = merged.next();
    silent.end();
    expect(await end).toEqual({ done: true, value: undefined });
  });

  it('waits for a late log as long as its patience lasts', async () => {
    const late = toldLog();
    const merged = mergeByTime([log('a', 5), late.log], 600_000);
    const first = merged.next();
    await new Promise((resolve) => setImmediate(resolve));
    late.say(line('b', 1));
    expect((await first).value).toMatchObject({ content: 'b1' });
  });

  it('asks each log for one entry ahead at most', async () => {
    const [a, b] = [toldLog(), toldLog()];
    const merged = mergeByTime([a.log, b.log], Number.POSITIVE_INFINITY);
    const first = merged.next();
    expect([a.asked(), b.asked()]).toEqual([1, 1]);
    a.say(line('a', 1));
    b.say(line('b', 2));
    await first;
    await new Promise((resolve) => setImmediate(resolve));
    expect([a.asked(), b.asked()]).toEqual([1, 0]);
  });

  it('fails when a log fails', async () => {
    const broken: AsyncIterator<LogLine> = { next: () => Promise.reject(new Error('cut')) };
    await expect(contents([log('a', 1), broken], Number.POSITIVE_INFINITY)).rejects.toThrow('cut');
  });
});
