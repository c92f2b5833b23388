/** Writing and reading tar archives as streams: files, folders and symbolic links, which is all that repositories hold. */
import { GitOpsError } from '@tiphys/model';

export interface TarEntry {
  /** `/` separated, relative. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly bytes: number;
  readonly executable: boolean;
  /** Of a link. */
  readonly target: string;
}

const BLOCK = 512;
const MAX_LONG_NAME = 16 * 1024;

/** One file as it stands in the archive. Equal input, equal bytes: no times, no owners. */
export function tarFile(path: string, content: Uint8Array, executable: boolean): Uint8Array {
  const head = headerOf({ path, type: '0', size: content.length, mode: executable ? 0o755 : 0o644, target: '' });
  return Buffer.concat([head, content, padding(content.length)]);
}

export function tarFolder(path: string): Uint8Array {
  return headerOf({ path, type: '5', size: 0, mode: 0o755, target: '' });
}

export function tarLink(path: string, target: string): Uint8Array {
  return headerOf({ path, type: '2', size: 0, mode: 0o777, target });
}

/** Ends an archive. */
export const TAR_END = new Uint8Array(2 * BLOCK);

interface Header {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly target: string;
}

function headerOf(header: Header): Buffer {
  const long = [header.path, header.target].some((text) => Buffer.byteLength(text) > 100);
  return long ? Buffer.concat([paxOf(header), ustar(header)]) : ustar(header);
}

function ustar({ path, type, size, mode, target }: Header): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(path.slice(0, 100), 0, 100);
  block.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
  block.write('0000000\x000000000\0', 108);
  block.write(`${size.toString(8).padStart(11, '0')}\x0000000000000\0`, 124);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(target.slice(0, 100), 157, 100);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** An extended header before the entry: names of any length. */
function paxOf({ path, target }: Header): Buffer {
  const records = Buffer.from(`${paxRecord('path', path)}${target === '' ? '' : paxRecord('linkpath', target)}`);
  const head = ustar({ path: 'pax', type: 'x', size: records.length, mode: 0o644, target: '' });
  return Buffer.concat([head, records, padding(records.length)]);
}

/** The length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length > length) length += 1;
  return `${length} ${key}=${value}\n`;
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** What `readTar` hands out: an entry, and its content in pieces, to be taken before the next. */
export interface TarItem {
  readonly entry: TarEntry;
  readonly content: AsyncIterable<Uint8Array>;
}

/** @throws GitOpsError ManifestGeneration when it is no archive, ends early, or has entries other than files, folders and links. */
export async function* readTar(stream: AsyncIterable<Uint8Array>): AsyncGenerator<TarItem> {
  const reader = createReader(stream);
  let long: LongNames = {};
  for (;;) {
    const head = await reader.take(BLOCK);
    if (head === undefined || head.every((byte) => byte === 0)) return;
    const header = parseHeader(head);
    const blocks = Math.ceil(header.size / BLOCK) * BLOCK;
    if (header.type === 'g' || header.type === 'x' || header.type === 'L' || header.type === 'K') {
      if (header.size > MAX_LONG_NAME) throw broken('has a name that is too long');
      const bytes = (await required(reader, blocks)).subarray(0, header.size);
      long = { ...long, ...longNamesOf(header.type, bytes) };
      continue;
    }
    const entry = toEntry(header, long);
    long = {};
    let taken = false;
    yield {
      entry,
      content: (async function* () {
        taken = true;
        yield* reader.pieces(header.size, blocks);
      })(),
    };
    if (!taken) for await (const _piece of reader.pieces(header.size, blocks)) continue;
  }
}

interface LongNames {
  readonly path?: string;
  readonly linkpath?: string;
}

function longNamesOf(type: string, bytes: Uint8Array): LongNames {
  if (type === 'L') return { path: textOf(bytes) };
  if (type === 'K') return { linkpath: textOf(bytes) };
  if (type === 'g') return {};
  const records = new TextDecoder().decode(bytes);
  const find = (key: string): string | undefined => new RegExp(`(?:^|\\n)\\d+ ${key}=([^\\n]*)\\n`).exec(records)?.[1];
  const [path, linkpath] = [find('path'), find('linkpath')];
  return { ...(path === undefined ? {} : { path }), ...(linkpath === undefined ? {} : { linkpath }) };
}

interface ParsedHeader {
  readonly type: string;
  readonly size: number;
  readonly mode: number;
  readonly name: string;
  readonly linkName: string;
}

function parseHeader(block: Uint8Array): ParsedHeader {
  const size = octal(block.subarray(124, 136));
  const mode = octal(block.subarray(100, 108));
  if (size === undefined) throw broken('is no tar archive');
  const prefix = textOf(block.subarray(257, 262)) === 'ustar' ? textOf(block.subarray(345, 500)) : '';
  const name = textOf(block.subarray(0, 100));
  return {
    ...{ size, mode: mode ?? 0o644 },
    type: String.fromCharCode(block[156] ?? 0),
    name: prefix === '' ? name : `${prefix}/${name}`,
    linkName: textOf(block.subarray(157, 257)),
  };
}

const KINDS: Readonly<Record<string, TarEntry['kind']>> = { '\0': 'file', 0: 'file', 2: 'link', 5: 'folder' };

function toEntry({ type, size, mode, name, linkName }: ParsedHeader, long: LongNames): TarEntry {
  const kind = KINDS[type];
  const path = long.path ?? name;
  if (kind === undefined)
    throw broken(`has something that is no file, folder or symbolic link ("${path.slice(0, 200)}")`);
  const target = kind === 'link' ? (long.linkpath ?? linkName) : '';
  return { path, kind, bytes: size, executable: (mode & 0o111) !== 0, target };
}

function octal(bytes: Uint8Array): number | undefined {
  const digits = textOf(bytes).trim();
  return /^[0-7]{1,12}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** Up to the first zero byte. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

interface Reader {
  /** Exactly so many bytes; undefined at the end of the stream. */
  take(bytes: number): Promise<Uint8Array | undefined>;
  /** The first `size` of the next `blocks` bytes, in pieces. */
  pieces(size: number, blocks: number): AsyncGenerator<Uint8Array>;
}

function createReader(stream: AsyncIterable<Uint8Array>): Reader {
  const iterator = stream[Symbol.asyncIterator]();
  let buffered: Uint8Array = new Uint8Array(0);
  const more = async (): Promise<boolean> => {
    const next = await iterator.next();
    if (next.done === true) return false;
    buffered = buffered.length === 0 ? next.value : Buffer.concat([buffered, next.value]);
    return true;
  };
  const shift = (bytes: number): Uint8Array => {
    const piece = buffered.subarray(0, bytes);
    buffered = buffered.subarray(bytes);
    return piece;
  };
  return {
    take: async (bytes) => {
      while (buffered.length < bytes) {
        if (await more()) continue;
        if (buffered.length === 0) return undefined;
        throw broken('ends too early');
      }
      return shift(bytes);
    },
    pieces: async function* (size, blocks) {
      let left = blocks;
      let wanted = size;
      while (left > 0) {
        if (buffered.length === 0 && !(await more())) throw broken('ends too early');
        const piece = shift(Math.min(left, buffered.length));
        left -= piece.length;
        if (wanted > 0) yield piece.subarray(0, wanted);
        wanted -= piece.length;
      }
    },
  };
}

async function required(reader: Reader, bytes: number): Promise<Uint8Array> {
  const taken = await reader.take(bytes);
  if (taken === undefined) throw broken('ends too early');
  return taken;
}

function broken(why: string): GitOpsError {
  return new GitOpsError('ManifestGeneration', `The archive of the source ${why}.`);
}
