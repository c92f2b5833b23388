/** The ASCII armor of OpenPGP public keys (RFC 9580, chapter 6). Pure. */
import { ApiError } from '../../errors.js';

const BLOCK = /-----BEGIN PGP ([A-Z ]+)-----\r?\n([\s\S]*?)-----END PGP \1-----/g;

/** The bytes of all public key blocks of a text. Throws `invalidArgument`, also for a private key. */
export function dearmor(text: string): readonly Buffer[] {
  const blocks = [...text.matchAll(BLOCK)];
  if (blocks.length === 0) throw invalid('there is no armored PGP PUBLIC KEY BLOCK in keyData');
  return blocks.map(([, kind, body = '']) => {
    if (kind !== 'PUBLIC KEY BLOCK') throw invalid(`keyData holds a PGP ${kind}; only public keys belong here`);
    return decode(body);
  });
}

/** Headers end with an empty line; the checksum line begins with `=`. */
function decode(body: string): Buffer {
  const lines = body.split('\n').map((line) => line.trim());
  const blank = lines.indexOf('');
  const data = lines.slice(blank + 1).filter((line) => line !== '' && !line.startsWith('='));
  if (data.length === 0 || data.some((line) => !/^[A-Za-z0-9+/]+={0,2}$/.test(line))) {
    throw invalid('the key block in keyData is not base64');
  }
  const bytes = Buffer.from(data.join(''), 'base64');
  const checksum = lines.find((line) => /^=[A-Za-z0-9+/]{4}$/.test(line));
  if (checksum !== undefined && checksum.slice(1) !== crc24(bytes)) {
    throw invalid('the checksum of the key block in keyData is wrong; copy it again');
  }
  return bytes;
}

export function armor(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  const kind = 'PGP PUBLIC KEY BLOCK';
  return [`-----BEGIN ${kind}-----`, '', ...lines, `=${crc24(bytes)}`, `-----END ${kind}-----`, ''].join('\n');
}

function crc24(bytes: Buffer): string {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
    }
  }
  return Buffer.from([(crc >> 16) & 0xff, (crc >> 8) & 0xff, crc & 0xff]).toString('base64');
}

export function invalid(message: string): ApiError {
  return new ApiError('invalidArgument', message);
}
