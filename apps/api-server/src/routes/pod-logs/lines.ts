/** A pod's log as the kubelet sends it with timestamps, as entries. Memory is bounded however long a line is. */

export interface LogLine {
  readonly podName: string;
  readonly content: string;
  /** RFC 3339 as the kubelet wrote it, without trailing zeros in the fraction. */
  readonly time: string;
  /** For sorting: milliseconds since 1970, and the digits below them. */
  readonly ms: number;
  readonly below: number;
}

/** A longer line is cut into several entries with the same time. */
const MAX_LINE_BYTES = 256 * 1024;
const NEWLINE = 10;

/** Entries in the order in which they come; `now` dates lines that carry no time, which are messages of the node. */
export async function* logLines(
  podName: string,
  chunks: AsyncIterable<Buffer>,
  now: () => Date,
): AsyncGenerator<LogLine> {
  let moment: Moment | undefined;
  let isContinued = false;
  for await (const { text, isEnd } of textLines(chunks)) {
    const stamped = isContinued ? undefined : splitTime(text);
    moment = stamped?.moment ?? moment ?? momentOf(now().toISOString());
    isContinued = !isEnd;
    const content = (stamped?.rest ?? text).trimEnd();
    // A carriage return inside a line is a progress display: each state is an entry.
    for (const part of content.split('\r')) if (moment !== undefined) yield { podName, content: part, ...moment };
  }
}

/** One entry for what the log itself cannot say. */
export function messageLine(podName: string, content: string, now: Date): LogLine {
  const time = now.toISOString();
  return { podName, content, ...(momentOf(time) ?? { time, ms: now.getTime(), below: 0 }) };
}

export function isBefore(a: LogLine, b: LogLine): boolean {
  return a.ms === b.ms ? a.below < b.below : a.ms < b.ms;
}

type Moment = Pick<LogLine, 'time' | 'ms' | 'below'>;

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Undefined when it is not a time of RFC 3339. */
export function momentOf(text: string): Moment | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, seconds = '', fraction = '', zone = ''] = match;
  const ms = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(ms)) return undefined;
  const nanos = Number(fraction.padEnd(9, '0'));
  const digits = fraction.replace(/0+$/, '');
  const time = `${seconds}${digits === '' ? '' : `.${digits}`}${zone}`;
  return { time, ms: ms + Math.floor(nanos / 1e6), below: nanos % 1e6 };
}

function splitTime(text: string): { readonly moment: Moment; readonly rest: string } | undefined {
  const space = text.indexOf(' ');
  const moment = momentOf(space < 0 ? text.trimEnd() : text.slice(0, space));
  return moment === undefined ? undefined : { moment, rest: space < 0 ? '' : text.slice(space + 1) };
}

interface TextLine {
  readonly text: string;
  /** False: the line goes on in the next one. */
  readonly isEnd: boolean;
}

async function* textLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<TextLine> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield* pieces(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    while (rest.length > MAX_LINE_BYTES) {
      const cut = boundary(rest);
      yield { text: rest.toString('utf8', 0, cut), isEnd: false };
      rest = rest.subarray(cut);
    }
  }
  if (rest.length > 0) yield* pieces(rest);
}

function* pieces(line: Buffer): Generator<TextLine> {
  let left = line;
  while (left.length > MAX_LINE_BYTES) {
    const cut = boundary(left);
    yield { text: left.toString('utf8', 0, cut), isEnd: false };
    left = left.subarray(cut);
  }
  yield { text: left.toString('utf8'), isEnd: true };
}

/** Where to cut without splitting a character. */
function boundary(bytes: Buffer): number {
  let cut = MAX_LINE_BYTES;
  while (cut > MAX_LINE_BYTES - 4 && ((bytes[cut] ?? 0) & 0xc0) === 0x80) cut -= 1;
  return cut;
}
