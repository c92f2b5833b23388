/**
 * What is shown of OpenPGP public keys: id, fingerprint, owner, algorithm. Read from the packets (RFC 9580, version 4 as GnuPG
 * makes them); whether a key is any good is decided by GnuPG, which checks the signatures. Pure.
 */
import { createHash } from 'node:crypto';
import type { GpgKeyBody } from '@tiphys/api-contract';
import { armor, dearmor, invalid } from './armor.js';

export type PublicKey = Required<GpgKeyBody>;

interface Packet {
  readonly tag: number;
  readonly body: Buffer;
  /** With its header. */
  readonly whole: Buffer;
}

const PUBLIC_KEY = 6;
const USER_ID = 13;
const SECRET_TAGS = new Set([5, 7]);

/** All keys of an armored text, each with an armor of its own. Throws `invalidArgument`. */
export function readPublicKeys(text: string): readonly PublicKey[] {
  const packets = dearmor(text).flatMap(readPackets);
  if (packets.some(({ tag }) => SECRET_TAGS.has(tag)))
    throw invalid('keyData holds a private key; export the public one');
  if (packets[0]?.tag !== PUBLIC_KEY) throw invalid('keyData does not begin with a public key');
  const keys: Packet[][] = [];
  for (const packet of packets) {
    if (packet.tag === PUBLIC_KEY) keys.push([packet]);
    else keys.at(-1)?.push(packet);
  }
  return keys.map(describe);
}

function readPackets(bytes: Buffer): readonly Packet[] {
  const packets: Packet[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const { tag, start, length } = readHeader(bytes, offset);
    const end = start + length;
    if (end > bytes.length) throw invalid('the key in keyData is cut off; copy it again');
    packets.push({ tag, body: bytes.subarray(start, end), whole: bytes.subarray(offset, end) });
    offset = end;
  }
  return packets;
}

interface Header {
  readonly tag: number;
  readonly start: number;
  readonly length: number;
}

function readHeader(bytes: Buffer, offset: number): Header {
  const first = bytes[offset] ?? 0;
  if ((first & 0x80) === 0) throw invalid('keyData is not an OpenPGP key');
  const isNew = (first & 0x40) !== 0;
  const size = isNew ? newLengthSize(bytes[offset + 1] ?? 0) : [1, 2, 4][first & 3];
  if (size === undefined || offset + 1 + size > bytes.length) throw invalid('keyData is not an OpenPGP key');
  const raw = bytes.subarray(offset + 1, offset + 1 + size);
  const tag = isNew ? first & 0x3f : (first >> 2) & 0xf;
  return { tag, start: offset + 1 + size, length: isNew ? newLength(raw) : raw.readUIntBE(0, size) };
}

/** Undefined for lengths in parts, which keys never have. */
function newLengthSize(first: number): number | undefined {
  if (first < 192) return 1;
  if (first < 224) return 2;
  return first === 255 ? 5 : undefined;
}

function newLength(raw: Buffer): number {
  if (raw.length === 1) return raw.readUInt8(0);
  return raw.length === 2 ? raw.readUInt16BE(0) - 0xc000 + 192 : raw.readUInt32BE(1);
}

function describe(packets: readonly Packet[]): PublicKey {
  const body = packets[0]?.body ?? Buffer.alloc(0);
  if (body[0] !== 4 || body.length < 8) {
    throw invalid(`keys of OpenPGP version ${body[0] ?? 0} are not supported; GnuPG makes version 4`);
  }
  const length = Buffer.from([0x99, body.length >> 8, body.length & 0xff]);
  const fingerprint = createHash('sha1').update(length).update(body).digest('hex').toUpperCase();
  const owner = packets.find(({ tag }) => tag === USER_ID)?.body.toString('utf8') ?? '';
  return {
    ...{ keyID: fingerprint.slice(-16), fingerprint, owner, trust: 'unknown', subType: subTypeOf(body) },
    keyData: armor(Buffer.concat(packets.map(({ whole }) => whole))),
  };
}

const CURVES: Readonly<Record<string, string>> = {
  '2b06010401da470f01': 'ed25519',
  '2b6571': 'ed448',
  '2a8648ce3d030107': 'nistp256',
  '2b81040022': 'nistp384',
  '2b81040023': 'nistp521',
  '2b2403030208010107': 'brainpoolP256r1',
  '2b240303020801010b': 'brainpoolP384r1',
  '2b240303020801010d': 'brainpoolP512r1',
  '2b8104000a': 'secp256k1',
};

/** As GnuPG names it. */
function subTypeOf(body: Buffer): string {
  const algorithm = body[5] ?? 0;
  if (algorithm >= 1 && algorithm <= 3) return `rsa${body.readUInt16BE(6)}`;
  if (algorithm === 17) return `dsa${body.readUInt16BE(6)}`;
  if (algorithm === 27) return 'ed25519';
  if (algorithm === 28) return 'ed448';
  const curve = body.subarray(7, 7 + (body[6] ?? 0)).toString('hex');
  return CURVES[curve] ?? `algorithm ${algorithm}`;
}
