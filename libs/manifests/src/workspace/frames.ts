/** Frames between this process and a renderer: a length of four bytes, the most significant first, and that many bytes. */
import type { Readable } from 'node:stream';

export interface FrameReader {
  /** Undefined when the stream has ended. @throws Error when the frame is longer than it may be; the stream is of no use then. */
  next(maxBytes: number): Promise<Buffer | undefined>;
}

const LENGTH_BYTES = 4;

export function encodeFrame(payload: string): Buffer {
  const length = Buffer.byteLength(payload);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + length);
  frame.writeUInt32BE(length);
  frame.write(payload, LENGTH_BYTES);
  return frame;
}

interface Waiting {
  readonly maxBytes: number;
  readonly resolve: (frame: Buffer | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** One `next` at a time. */
export function readFrames(stream: Readable): FrameReader {
  let chunks: Buffer[] = [];
  let held = 0;
  let ended = false;
  let waiting: Waiting | undefined;
  const take = (length: number): Buffer => {
    const all = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    held -= length;
    chunks = held === 0 ? [] : [all.subarray(length)];
    return all.subarray(0, length);
  };
  let length: number | undefined;
  const settle = (): void => {
    if (waiting === undefined) return;
    const { maxBytes, resolve, reject } = waiting;
    if (length === undefined && held >= LENGTH_BYTES) length = take(LENGTH_BYTES).readUInt32BE();
    if (length !== undefined && length > maxBytes) {
      waiting = undefined;
      reject(new Error(`a frame of ${length} bytes, more than ${maxBytes}`));
    } else if (length !== undefined && held >= length) {
      const frame = length === 0 ? Buffer.alloc(0) : take(length);
      [waiting, length] = [undefined, undefined];
      resolve(frame);
    } else if (ended) {
      waiting = undefined;
      resolve(undefined);
    }
  };
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    held += chunk.length;
    settle();
  });
  const end = (): void => {
    ended = true;
    settle();
  };
  stream.once('close', end).once('end', end).once('error', end);
  return {
    next: (maxBytes) =>
      new Promise((resolve, reject) => {
        waiting = { maxBytes, resolve, reject };
        settle();
      }),
  };
}
