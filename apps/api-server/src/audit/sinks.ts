/** The two places of the audit log: standard output, for a cluster's log collector, and a file that is only appended to. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type ChainState, readLine } from './chain.js';
import type { AuditSink } from './ports.js';

export interface TextStream {
  write(text: string, done: (error?: Error | null) => void): unknown;
}

/** Between the lines of the log; each process begins a chain of its own. */
export function createStreamSink(stream: TextStream = process.stdout): AuditSink {
  return {
    open: async () => undefined,
    write: (lines) =>
      new Promise((resolve, reject) => {
        stream.write(`${lines.join('\n')}\n`, (error) => (error ? reject(error) : resolve()));
      }),
    close: async () => undefined,
  };
}

/** More than the longest line. */
const TAIL_BYTES = 256 * 1024;
/** Readable for the process and its group. */
const MODE = 0o640;

/**
 * Appends, and returns when the disk has it (fdatasync, once for all lines that waited). A file that was moved away is begun
 * anew at the same path, with the chain going on: rotate by renaming, never by copying and truncating.
 */
export function createFileSink(path: string): AuditSink {
  let file: OpenFile | undefined;
  const current = async (): Promise<OpenFile> => {
    if (file !== undefined && (await isAt(path, file.inode))) return file;
    await file?.handle.close();
    file = undefined;
    file = await openFile(path);
    return file;
  };
  return {
    open: async () => lastLine((await current()).handle),
    write: async (lines) => {
      const { handle, size } = await current();
      const text = Buffer.from(`${lines.join('\n')}\n`);
      try {
        await handle.appendFile(text);
        await handle.datasync();
        file = { ...(file as OpenFile), size: size + text.length };
      } catch (error) {
        // A part of a line may be there: the next attempt writes all of it again.
        await handle.truncate(size).catch(() => undefined);
        throw error;
      }
    },
    close: async () => {
      await file?.handle.close();
      file = undefined;
    },
  };
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly inode: number;
  readonly size: number;
}

async function openFile(path: string): Promise<OpenFile> {
  const handle = await open(path, 'a+', MODE);
  const { ino: inode, size } = await handle.stat();
  return { handle, inode, size };
}

async function isAt(path: string, inode: number): Promise<boolean> {
  try {
    return (await stat(path)).ino === inode;
  } catch {
    return false;
  }
}

async function lastLine(handle: FileHandle): Promise<ChainState | undefined> {
  const { size } = await handle.stat();
  const length = Math.min(size, TAIL_BYTES);
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  const text = buffer.toString();
  // A crash in the middle of a write leaves no line end: that line is closed, and shows in a check.
  if (text !== '' && !text.endsWith('\n')) await handle.appendFile('\n');
  const known = text.split('\n').reverse().map(readLine);
  return known.find((line) => line !== undefined);
}
