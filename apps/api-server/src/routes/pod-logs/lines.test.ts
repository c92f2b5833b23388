import { describe, expect, it } from 'vitest';
import { isBefore, type LogLine, logLines, messageLine, momentOf } from './lines.js';

const NOW = new Date('2026-05-01T10:00:00.123Z');

async function* chunksOf(...chunks: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function linesOf(...chunks: readonly (string | Buffer)[]): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  for await (const line of logLines('web', chunksOf(...chunks), () => NOW)) lines.push(line);
  return lines;
}

const shown = (lines: readonly LogLine[]) => lines.map(({ time, content }) => `${time}|${content}`);

describe('logLines', () => {
  it.each([
    ['a line', '2026-01-02T03:04:05.000000006Z hello there\n', ['2026-01-02T03:04:05.000000006Z|hello there']],
    [
      'a last line without its end',
      '2026-01-02T03:04:05Z a\n2026-01-02T03:04:06Z b',
      ['2026-01-02T03:04:05Z|a', '2026-01-02T03:04:06Z|b'],
    ],
    ['zeros at the end of a fraction', '2026-01-02T03:04:05.120000000Z a\n', ['2026-01-02T03:04:05.12Z|a']],
    ['another time zone', '2026-01-02T03:04:05.5+02:00 a\n', ['2026-01-02T03:04:05.5+02:00|a']],
    [
      'an empty line',
      '2026-01-02T03:04:05Z \n2026-01-02T03:04:06Z\n',
      ['2026-01-02T03:04:05Z|', '2026-01-02T03:04:06Z|'],
    ],
    ['a progress display', '2026-01-02T03:04:05Z 1%\r2%\r\n', ['2026-01-02T03:04:05Z|1%', '2026-01-02T03:04:05Z|2%']],
    ['spaces inside and before', '2026-01-02T03:04:05Z   a  b \n', ['2026-01-02T03:04:05Z|  a  b']],
    [
      'a message of the node, which has no time',
      'unable to retrieve logs\n',
      ['2026-05-01T10:00:00.123Z|unable to retrieve logs'],
    ],
    [
      'a message after lines',
      '2026-01-02T03:04:05Z a\nrpc error\n',
      ['2026-01-02T03:04:05Z|a', '2026-01-02T03:04:05Z|rpc error'],
    ],
    ['nothing', '', []],
  ])('reads %s', async (_name, text, expected) => {
    expect(shown(await linesOf(text))).toEqual(expected);
  });

  it('reads the same wherever the network cuts it', async () => {
    const bytes = Buffer.from('2026-01-02T03:04:05.25Z grün 🚢\n2026-01-02T03:04:06Z b\n');
    const whole = await linesOf(bytes);
    for (let cut = 1; cut < bytes.length; cut++) {
      expect(await linesOf(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(whole);
    }
  });

  it.each([1, 7])(
    'cuts a line that does not end into pieces of bounded size, between characters (%i chunks)',
    async (count) => {
      const text = '🚢'.repeat(200_000);
      const bytes = Buffer.from(`2026-01-02T03:04:05Z ${text}\n2026-01-02T03:04:06Z b\n`);
      const size = Math.ceil(bytes.length / count);
      const chunks = Array.from({ length: count }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
      const lines = await linesOf(...chunks);
      expect(lines.length).toBeGreaterThan(3);
      expect(Math.max(...lines.map(({ content }) => Buffer.byteLength(content)))).toBeLessThanOrEqual(256 * 1024);
      expect(
        lines
          .slice(0, -1)
          .map(({ content }) => content)
          .join(''),
      ).toBe(text);
      expect(new Set(lines.slice(0, -1).map(({ time }) => time))).toEqual(new Set(['2026-01-02T03:04:05Z']));
      expect(lines.at(-1)).toMatchObject({ content: 'b', time: '2026-01-02T03:04:06Z' });
    },
  );
});

describe('isBefore', () => {
  const at = (time: string): LogLine => ({
    podName: '',
    content: '',
    ...(momentOf(time) ?? { time, ms: 0, below: 0 }),
  });

  it.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000001Z'],
    ['2026-01-02T03:04:05.000000009Z', '2026-01-02T03:04:05.00000001Z'],
    ['2026-01-02T03:04:05.1234565Z', '2026-01-02T03:04:05.1234567Z'],
    ['2026-01-02T05:04:04+02:00', '2026-01-02T03:04:05Z'],
  ])('%s is before %s', (early, late) => {
    expect([isBefore(at(early), at(late)), isBefore(at(late), at(early)), isBefore(at(early), at(early))]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('messageLine', () => {
  it('is dated', () => {
    expect(messageLine('web', 'no', NOW)).toEqual({
      podName: 'web',
      content: 'no',
      time: '2026-05-01T10:00:00.123Z',
      ms: NOW.getTime(),
      below: 0,
    });
  });
});
