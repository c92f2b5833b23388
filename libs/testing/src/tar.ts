/** Tar archives for tests, also such as no honest tool writes: any name, type and link. */
import { gzipSync } from 'node:zlib';
import type { Files } from './git-repository.js';

export interface TarMember {
  /** Exactly as it is to stand in the archive; at most 100 bytes. */
  readonly name: string;
  readonly content?: string | Uint8Array;
  /** `0` file (default), `1` hard link, `2` symbolic link, `3` device, `5` folder, `x` and `g` pax records. */
  readonly type?: string;
  /** Where a link leads. */
  readonly link?: string;
}

const BLOCK = 512;

export function tarArchive(members: readonly TarMember[]): Buffer {
  const blocks = members.flatMap((member) => {
    const content = Buffer.from(member.content ?? '');
    const padding = Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK);
    return [headerOf(member, content.length), content, padding];
  });
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** The files as a `.tar.gz`; those that are null are left out. */
export function tarGzip(files: Files): Buffer {
  const members = Object.entries(files).flatMap(([name, content]) => (content === null ? [] : [{ name, content }]));
  return gzipSync(tarArchive(members.map(({ name, content }) => ({ name, content: String(content) }))));
}

function headerOf({ name, type = '0', link = '' }: TarMember, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(link, 157, 100);
  header.write('ustar\x0000', 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
