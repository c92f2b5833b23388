/** Reads the body of a webhook: no more than the limit of one, and of all that are being read (J06, S13). */
import type { Readable } from 'node:stream';
import { ApiError } from '../../errors.js';

/** Bodies that are being read, of all senders together. */
const MAX_BUFFERED_BYTES = 256 * 1024 * 1024;

/** The status that says so is none of google.rpc's. */
export class PayloadTooLarge extends Error {
  readonly statusCode = 413;
}

export interface BodyLimits {
  /** What the sender says that it sends. */
  readonly announcedBytes: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export type BodyReader = (stream: Readable, limits: BodyLimits) => Promise<Buffer>;

/**
 * Rejects as soon as it is known that the body is too large: by its header before a byte is read, else in the middle. The
 * rest is never read: the caller closes the connection.
 */
export function createBodyReader(maxBuffered = MAX_BUFFERED_BYTES): BodyReader {
  let buffered = 0;
  return async (stream, { announcedBytes, maxBytes, signal }) => {
    if (announcedBytes > maxBytes) throw tooLarge(maxBytes);
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
        signal.throwIfAborted();
        const bytes = chunk as Buffer;
        size += bytes.length;
        buffered += bytes.length;
        if (size > maxBytes) throw tooLarge(maxBytes);
        if (buffered > maxBuffered) {
          throw new ApiError('unavailable', 'too many large webhooks at once: send it again', { 'retry-after': '10' });
        }
        chunks.push(bytes);
      }
      return Buffer.concat(chunks, size);
    } finally {
      buffered -= size;
    }
  };
}

function tooLarge(maxBytes: number): PayloadTooLarge {
  const limit = `${maxBytes / 1024 / 1024} MB (webhook.maxPayloadSizeMB in argocd-cm)`;
  return new PayloadTooLarge(`the payload is larger than ${limit}`);
}
