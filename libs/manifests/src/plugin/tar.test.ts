/** Archives against the system's own tar, in both directions. */
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readTar, TAR_END, tarFile, tarFolder, tarLink } from './tar.js';

const folder = mkdtempSync(join(tmpdir(), 'plugin-tar-'));
afterAll(() => rmSync(folder, { recursive: true, maxRetries: 5 }));

const long = `${'deep/'.repeat(40)}${'n'.repeat(120)}`;
const contents: Readonly<Record<string, string>> = {
  'a.txt': 'text',
  'sub/empty': '',
  'sub/block': 'x'.repeat(512),
  'sub/more': 'y'.repeat(70_001),
  'ünïcode/日本.yaml': 'name: ü',
  [long]: 'long',
};

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readAll(bytes: Uint8Array, pieceSize: number): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  for await (const { entry, content } of readTar(inPieces(bytes, pieceSize))) {
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(piece);
    const text = Buffer.concat(pieces).toString();
    if (entry.kind === 'link') found[entry.path] = `-> ${entry.target}`;
    else if (entry.kind === 'file') found[entry.path] = entry.executable ? `x ${text}` : text;
  }
  return found;
}

const archive = Buffer.concat([
  ...Object.entries(contents).map(([path, text]) => tarFile(path, Buffer.from(text), false)),
  tarFile('run.sh', Buffer.from('exit'), true),
  tarFolder('links'),
  tarLink('links/short', '../a.txt'),
  tarLink('links/long', `../${long}`),
  TAR_END,
]);

it.each([1_000_000, 512, 7])('what was written is read again, in pieces of %i bytes', async (size) => {
  const links = { 'links/short': '-> ../a.txt', 'links/long': `-> ../${long}` };
  expect(await readAll(archive, size)).toEqual({ ...contents, 'run.sh': 'x exit', ...links });
});

it('tar unpacks what was written', () => {
  const out = join(folder, 'unpacked');
  mkdirSync(out);
  const { status, stderr } = spawnSync('tar', ['-x', '-C', out], { input: archive });
  expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
  for (const [path, text] of Object.entries(contents)) expect(readFileSync(join(out, path), 'utf8')).toBe(text);
  expect(statSync(join(out, 'run.sh')).mode & 0o111).not.toBe(0);
  expect(statSync(join(out, 'a.txt')).mode & 0o111).toBe(0);
  expect(
    readdirSync(join(out, 'links'))
      .map((name) => readlinkSync(join(out, 'links', name)))
      .sort(),
  ).toEqual(['../a.txt', `../${long}`].sort());
});

it.each(['gnu', 'pax', 'ustar'])('what tar packs as %s is read', async (format) => {
  const from = join(folder, format);
  const files = format === 'ustar' ? { 'a.txt': 'text', 'sub/b': 'more' } : contents;
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(from, path, '..'), { recursive: true });
    writeFileSync(join(from, path), text, { mode: 0o600 });
  }
  symlinkSync('a.txt', join(from, 'link'));
  const { stdout } = spawnSync('tar', ['-c', `--format=${format}`, '-C', from, '.'], { maxBuffer: 64 * 1024 * 1024 });
  const read = await readAll(stdout, 10_000);
  const expected = Object.entries({ ...files, link: '-> a.txt' }).map(([path, text]) => [`./${path}`, text]);
  expect(read).toEqual(Object.fromEntries(expected));
});
