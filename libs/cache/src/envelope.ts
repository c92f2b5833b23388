/**
 * The stored form of a value: `version | flags | salt | tag | payload`, the payload encrypted by AES-256-GCM under a key made
 * from the salt. The tag covers version, flags, the key under which the value is stored and the payload, so that neither
 * a changed nor a moved value passes (S3); manifests hold Secrets, so nobody reads them in Redis either (S21, ADR 14).
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib';
import { GitOpsError } from '@tiphys/model';

const VERSION = 2;
const COMPRESSED = 1;
const HEADER = 2;
const SALT = 16;
const TAG = 16;
const KEY_BYTES = 32;
const MIN_KEY_BYTES = 32;
/** Below this, compressing costs more than it saves. */
const COMPRESS_FROM = 2_048;
/** Bound of a decompressed value (S12); values are ours, but a bound costs nothing. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Up to here zlib is faster at once than through the stream and thread that the asynchronous call needs. */
const SYNC_BYTES = 65_536;
const SYNC_COMPRESSED_BYTES = 16_384;

const deflateLater = promisify(deflateRaw);
const inflateLater = promisify(inflateRaw);

export type Opened =
  | { readonly kind: 'value'; readonly value: Uint8Array }
  | { readonly kind: 'rejected'; readonly reason: string };

export interface Envelope {
  seal(key: string, value: Uint8Array): Promise<Buffer>;
  /** Never throws. */
  open(key: string, stored: Buffer): Promise<Opened>;
}

/** The keys are derived from the content of the cache key file, which may have any form. Throws `InvalidSpec` below 32 bytes. */
export function createEnvelope(cacheKey: string): Envelope {
  const bytes = Buffer.from(cacheKey);
  if (bytes.length < MIN_KEY_BYTES) {
    const fix = 'write at least 32 random bytes into the file that TIPHYS_CACHE_KEY_FILE names (openssl rand -hex 32)';
    throw new GitOpsError('InvalidSpec', `the key of the cache has only ${bytes.length} bytes: ${fix}`);
  }
  const secret = Buffer.from(hkdfSync('sha256', bytes, Buffer.alloc(0), 'tiphys cache v2', KEY_BYTES));
  return {
    seal: async (key, value) => {
      const packed = value.length < COMPRESS_FROM ? undefined : await deflate(value);
      const useful = packed !== undefined && packed.length < value.length;
      const header = Buffer.from([VERSION, useful ? COMPRESSED : 0]);
      const payload = useful ? packed : value;
      const salt = randomBytes(SALT);
      const cipher = createCipheriv(ALGORITHM, keyFor(secret, salt), NONCE);
      cipher.setAAD(covered(header, key));
      const encrypted = Buffer.concat([cipher.update(payload), cipher.final()]);
      return Buffer.concat([header, salt, cipher.getAuthTag(), encrypted]);
    },
    open: async (key, stored) => {
      if (stored.length < HEADER + SALT + TAG) return { kind: 'rejected', reason: 'too short' };
      const header = stored.subarray(0, HEADER);
      if (header[0] !== VERSION) return { kind: 'rejected', reason: `unknown version ${header[0]}` };
      const payload = decrypted(secret, key, stored);
      if (payload === undefined) {
        return { kind: 'rejected', reason: 'the authentication code does not match key and value' };
      }
      return unpack(payload, header[1] === COMPRESSED);
    },
  };
}

const ALGORITHM = 'aes-256-gcm';
/** Every value has a key of its own, so that the nonce need not differ, however many values are written. */
const NONCE = Buffer.alloc(12);

function keyFor(secret: Buffer, salt: Buffer): Buffer {
  return createHmac('sha256', secret).update(salt).digest();
}

function covered(header: Buffer, key: string): Buffer {
  return Buffer.concat([header, Buffer.from(key)]);
}

/** Undefined when header, key, salt or payload are not those that were sealed. */
function decrypted(secret: Buffer, key: string, stored: Buffer): Buffer | undefined {
  const part = (from: number, length: number) => stored.subarray(from, from + length);
  const decipher = createDecipheriv(ALGORITHM, keyFor(secret, part(HEADER, SALT)), NONCE, { authTagLength: TAG });
  decipher.setAAD(covered(part(0, HEADER), key));
  decipher.setAuthTag(part(HEADER + SALT, TAG));
  try {
    return Buffer.concat([decipher.update(stored.subarray(HEADER + SALT + TAG)), decipher.final()]);
  } catch {
    return undefined;
  }
}

async function unpack(payload: Buffer, compressed: boolean): Promise<Opened> {
  if (!compressed) return { kind: 'value', value: payload };
  try {
    return { kind: 'value', value: await inflate(payload) };
  } catch (error) {
    return { kind: 'rejected', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function deflate(value: Uint8Array): Promise<Buffer> {
  const options = { level: 1 };
  return value.length <= SYNC_BYTES ? deflateRawSync(value, options) : deflateLater(value, options);
}

async function inflate(payload: Buffer): Promise<Buffer> {
  const options = { maxOutputLength: MAX_BYTES };
  return payload.length <= SYNC_COMPRESSED_BYTES ? inflateRawSync(payload, options) : inflateLater(payload, options);
}
