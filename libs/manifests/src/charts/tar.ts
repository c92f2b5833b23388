/** Reading tar archives from memory: ustar with the long names of pax and GNU, within limits (S7, S12). */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { GitOpsError } from '@tiphys/model';
import { createSemaphore } from '@tiphys/runtime';

export interface ArchiveLimits {
  /** Of the unpacked archive. */
  readonly maxBytes: number;
  readonly maxEntries: number;
}

/** Whose archive it is, for messages. */
export interface ArchiveName {
  /** For example `The chart archive web 1.2.3`. */
  readonly what: string;
  /** What to do when it is broken. */
  readonly next: string;
}

export interface TarEntry {
  readonly name: string;
  /** One character of the format; `5` is a folder. */
  readonly type: string;
  /** Where a link leads. */
  readonly link: string;
  readonly bytes: Uint8Array;
}

const unzip = promisify(gunzip);
/** Archives in memory while they are unpacked. */
const unpacking = createSemaphore(2);
const BLOCK = 512;
const MAX_PATH = 4_096;

/** The limit holds while unpacking: a bomb never gets its memory. @throws GitOpsError ManifestGeneration. */
export async function expandArchive(
  packed: Uint8Array,
  named: ArchiveName,
  { maxBytes }: ArchiveLimits,
): Promise<Uint8Array> {
  try {
    return await unpacking.run(() => unzip(packed, { maxOutputLength: maxBytes }));
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    throw brokenArchive(named, tooLarge ? `unpacks to more than ${maxBytes} bytes` : 'is no gzip archive', error);
  }
}

/** Why a name cannot be used; undefined when it can. Links are another matter. */
export function problemOfName(name: string): string | undefined {
  if (/\p{Cc}|\\/u.test(name) || name.length > MAX_PATH) return 'an unusable name';
  return name.startsWith('/') || name.split('/').includes('..') ? 'a path that leaves it' : undefined;
}

/** ustar, with the long names of pax and GNU. */
export function* readTar(tar: Uint8Array, named: ArchiveName, { maxEntries }: ArchiveLimits): Generator<TarEntry> {
  let long: Partial<Pick<TarEntry, 'name' | 'link'>> = {};
  let entries = 0;
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const header = tar.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const size = readSize(header, named);
    const bytes = tar.subarray(at + BLOCK, at + BLOCK + size);
    if (bytes.length < size) throw brokenArchive(named, 'ends too early');
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    const type = String.fromCharCode(header[156] ?? 0);
    if (type === 'g') continue;
    if (type === 'x') long = { ...long, ...paxNames(bytes) };
    else if (type === 'L') long = { ...long, name: text(bytes) };
    else if (type === 'K') long = { ...long, link: text(bytes) };
    else {
      entries += 1;
      if (entries > maxEntries) throw brokenArchive(named, `has more than ${maxEntries} files`);
      yield { name: nameOf(header), link: text(header.subarray(157, 257)), ...long, type, bytes };
      long = {};
    }
  }
}

function readSize(header: Uint8Array, named: ArchiveName): number {
  const digits = text(header.subarray(124, 136)).trim();
  const size = /^[0-7]{1,11}$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw brokenArchive(named, 'is no tar archive');
  return size;
}

function nameOf(header: Uint8Array): string {
  const name = text(header.subarray(0, 100));
  const prefix = text(header.subarray(257, 262)) === 'ustar' ? text(header.subarray(345, 500)) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

function paxNames(bytes: Uint8Array): Partial<Pick<TarEntry, 'name' | 'link'>> {
  const records = text(bytes, false);
  const find = (key: string): string | undefined => new RegExp(`(?:^|\\n)\\d+ ${key}=([^\\n]*)\\n`).exec(records)?.[1];
  const [name, link] = [find('path'), find('linkpath')];
  return { ...(name === undefined ? {} : { name }), ...(link === undefined ? {} : { link }) };
}

/** Up to the first zero byte. */
function text(bytes: Uint8Array, toZero = true): string {
  const end = toZero ? bytes.indexOf(0) : -1;
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

export function brokenArchive({ what, next }: ArchiveName, why: string, cause?: unknown): GitOpsError {
  return new GitOpsError('ManifestGeneration', `${what} ${why}. ${next}`, { cause });
}
