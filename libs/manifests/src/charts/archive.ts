/** Chart archives (.tgz) to files in memory, with limits and without anything that could leave the chart (S7, S12). */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { GitOpsError } from '@tiphys/model';
import { createSemaphore } from '@tiphys/runtime';
import { joinPath } from '../tree/source-path.js';

export interface ArchiveLimits {
  /** Of the unpacked archive. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** Helm itself unpacks 100 MiB at most. */
export const DEFAULT_ARCHIVE_LIMITS: ArchiveLimits = { maxBytes: 100 * 1024 * 1024, maxEntries: 20_000 };

export interface ArchiveFile {
  /** Below the one folder that a chart archive holds. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

const unzip = promisify(gunzip);
/** Archives in memory while they are unpacked. */
const unpacking = createSemaphore(2);
const BLOCK = 512;
const MAX_PATH = 4_096;

/** `what` names the archive in messages. @throws GitOpsError ManifestGeneration with the reason. */
export async function readChartArchive(
  packed: Uint8Array,
  what: string,
  limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS,
): Promise<readonly ArchiveFile[]> {
  const tar = await unpack(packed, what, limits);
  const files = new Map<string, ArchiveFile>();
  let entries = 0;
  for (const entry of readTar(tar, what)) {
    entries += 1;
    if (entries > limits.maxEntries) throw broken(what, `has more than ${limits.maxEntries} files`);
    const path = pathInChart(entry, what);
    if (path !== undefined) files.set(path, { path, bytes: entry.bytes });
  }
  if (!files.has('Chart.yaml')) throw broken(what, 'has no Chart.yaml in its folder');
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The limit holds while unpacking: a bomb never gets its memory. */
async function unpack(packed: Uint8Array, what: string, { maxBytes }: ArchiveLimits): Promise<Buffer> {
  try {
    return await unpacking.run(() => unzip(packed, { maxOutputLength: maxBytes }));
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    throw broken(what, tooLarge ? `unpacks to more than ${maxBytes} bytes` : 'is no gzip archive', error);
  }
}

interface TarEntry {
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Members of the chart's folder; undefined for folders. */
function pathInChart({ name, type }: TarEntry, what: string): string | undefined {
  if (type === '5') return undefined;
  const shown = JSON.stringify(name.slice(0, 200));
  const problem = SPECIAL[type] ?? problemOfName(name);
  if (problem !== undefined) throw broken(what, `has ${problem} (${shown})`);
  const inside = joinPath('', name) ?? '';
  const slash = inside.indexOf('/');
  if (slash < 0) throw broken(what, `has a file outside of the chart's folder (${shown})`);
  return inside.slice(slash + 1);
}

/** Types of members other than files. */
const SPECIAL: Readonly<Record<string, string>> = {
  1: 'a link',
  2: 'a link',
  3: 'a special file',
  4: 'a special file',
  6: 'a special file',
};

function problemOfName(name: string): string | undefined {
  if (/\p{Cc}|\\/u.test(name) || name.length > MAX_PATH) return 'an unusable name';
  return name.startsWith('/') || name.split('/').includes('..') ? 'a path that leaves it' : undefined;
}

/** ustar, with the long names of pax and GNU. */
function* readTar(tar: Buffer, what: string): Generator<TarEntry> {
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const size = readSize(header, what);
    const bytes = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (bytes.length < size) throw broken(what, 'ends too early');
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'g') continue;
    if (type === 'x') longName = paxPath(bytes) ?? longName;
    else if (type === 'L') longName = text(bytes);
    else {
      yield { name: longName ?? nameOf(header), type, bytes };
      longName = undefined;
    }
  }
}

function readSize(header: Buffer, what: string): number {
  const digits = text(header.subarray(124, 136)).trim();
  const size = /^[0-7]{1,11}$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw broken(what, 'is no tar archive');
  return size;
}

function nameOf(header: Buffer): string {
  const name = text(header.subarray(0, 100));
  const prefix = text(header.subarray(257, 262)) === 'ustar' ? text(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function paxPath(bytes: Uint8Array): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text(bytes, false))?.[1];
}

/** Up to the first zero byte. */
function text(bytes: Uint8Array, toZero = true): string {
  const end = toZero ? bytes.indexOf(0) : -1;
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function broken(what: string, why: string, cause?: unknown): GitOpsError {
  const next = 'Package the chart with "helm package".';
  return new GitOpsError('ManifestGeneration', `The chart archive ${what} ${why}. ${next}`, { cause });
}
