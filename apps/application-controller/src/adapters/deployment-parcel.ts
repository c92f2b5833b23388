/** Manifests of one deployment as a few Secrets' worth of bytes, and back: complete and unchanged, or not at all. */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { JsonValue } from '@tiphys/model';
import type { DeployedManifests } from '../ports.js';

/** Below the 1 MiB that a Secret may hold. */
export const PART_BYTES = 700 * 1024;
/** Manifests are text that compresses well; more than this is no parcel of ours. */
const MAX_UNPACKED_BYTES = 512 * 1024 * 1024;
const VERSION = 1;

export interface Parcel {
  readonly parts: readonly Buffer[];
  /** SHA-256 over all parts. */
  readonly digest: string;
  readonly bytes: number;
}

export async function pack(manifests: DeployedManifests): Promise<Parcel> {
  const text = JSON.stringify({ version: VERSION, manifests }, (_, value: unknown) =>
    typeof value === 'bigint' ? Number(value) : value,
  );
  const packed = await promisify(gzip)(text);
  const parts: Buffer[] = [];
  for (let start = 0; start < packed.length; start += PART_BYTES)
    parts.push(packed.subarray(start, start + PART_BYTES));
  return { parts, digest: digestOf(parts), bytes: packed.length };
}

/** Undefined when a part is missing, damaged or of another deployment: half a deployment is none. */
export async function unpack(parts: readonly Buffer[], digest: string): Promise<DeployedManifests | undefined> {
  if (digestOf(parts) !== digest) return undefined;
  const text = await promisify(gunzip)(Buffer.concat(parts), { maxOutputLength: MAX_UNPACKED_BYTES });
  const content = JSON.parse(text.toString('utf8')) as { version: JsonValue; manifests: DeployedManifests };
  return content.version === VERSION ? content.manifests : undefined;
}

function digestOf(parts: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
