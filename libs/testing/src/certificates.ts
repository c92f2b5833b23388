/** X.509 certificates for tests and the demo: a certificate authority and leaf certificates for mutual TLS. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { join } from 'node:path';
import { bits, explicit, integer, name, objectId, octets, primitive, sequence, TRUE, time } from './der.js';

/** A certificate with its private key, both PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface LeafOptions {
  readonly commonName: string;
  /** DNS names and IPv4 addresses. */
  readonly sans: readonly string[];
  /** Default one day; negative makes a certificate that has expired. */
  readonly validDays?: number;
}

export interface CertificateAuthority {
  readonly commonName: string;
  /** PEM. */
  readonly cert: string;
  /** A leaf certificate for both ends of a connection (server and client authentication). */
  issue(options: LeafOptions): Certificate;
}

const OIDS = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectAltName: '2.5.29.17',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;
const DAY_MS = 86_400_000;
/** Bit 7 - n of the first byte is usage n of RFC 5280 4.2.1.3. */
const KEY_USAGE = { ca: [1, 0x06], leaf: [7, 0x80] } as const;

/** A self-signed authority (ECDSA P-256), valid for ten years. */
export function createCertificateAuthority(commonName = 'tiphys-test-ca'): CertificateAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { commonName, key: keys.privateKey };
  const extensions = [
    extension(OIDS.basicConstraints, sequence(TRUE)),
    extension(OIDS.keyUsage, bits(Buffer.from([KEY_USAGE.ca[1]]), KEY_USAGE.ca[0])),
  ];
  const cert = signCertificate(issuer, { commonName, publicKey: keys.publicKey, validDays: 3_650, extensions });
  return { commonName, cert, issue: (options) => issueLeaf(issuer, options) };
}

/** Writes `ca.crt`, `tls.crt` and `tls.key` of a new leaf certificate into the folder, which is made if it is missing. */
export function writeTlsDir(directory: string, authority: CertificateAuthority, options: LeafOptions): void {
  const leaf = authority.issue(options);
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'ca.crt'), authority.cert);
  writeFileSync(join(directory, 'tls.crt'), leaf.cert);
  writeFileSync(join(directory, 'tls.key'), leaf.key, { mode: 0o600 });
}

interface Issuer {
  readonly commonName: string;
  readonly key: KeyObject;
}

interface Subject {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  readonly validDays: number;
  readonly extensions: readonly Buffer[];
}

function issueLeaf(issuer: Issuer, options: LeafOptions): Certificate {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const purposes = sequence(objectId(OIDS.serverAuth), objectId(OIDS.clientAuth));
  const extensions = [
    extension(OIDS.basicConstraints, sequence()),
    extension(OIDS.keyUsage, bits(Buffer.from([KEY_USAGE.leaf[1]]), KEY_USAGE.leaf[0])),
    extension(OIDS.extendedKeyUsage, purposes),
    extension(OIDS.subjectAltName, sequence(...options.sans.map(alternativeName))),
  ];
  const { commonName, validDays = 1 } = options;
  const cert = signCertificate(issuer, { commonName, publicKey: keys.publicKey, validDays, extensions });
  return { cert, key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

/** RFC 5280 4.1: a version 3 certificate. */
function signCertificate(issuer: Issuer, subject: Subject): string {
  const now = Date.now();
  const algorithm = sequence(objectId(OIDS.ecdsaWithSha256));
  const notBefore = new Date(now - 60_000 + Math.min(0, subject.validDays - 1) * DAY_MS);
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const body = sequence(
    explicit(0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    name(issuer.commonName),
    sequence(time(notBefore), time(new Date(now + subject.validDays * DAY_MS))),
    name(subject.commonName),
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...subject.extensions)),
  );
  const certificate = sequence(body, algorithm, bits(sign('sha256', body, issuer.key), 0));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extension(oid: string, value: Buffer): Buffer {
  return sequence(objectId(oid), octets(value));
}

/** GeneralName: dNSName is [2], iPAddress is [7]. */
function alternativeName(san: string): Buffer {
  return isIPv4(san) ? primitive(0x87, Buffer.from(san.split('.').map(Number))) : primitive(0x82, Buffer.from(san));
}
