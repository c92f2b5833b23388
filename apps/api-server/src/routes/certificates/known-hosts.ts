/** SSH host keys as lines of `ssh_known_hosts` (G12): listed, added and removed without touching any other line. Pure. */
import { createHash } from 'node:crypto';
import type { CertificateBody } from '@tiphys/api-contract';
import { compileGlob } from '@tiphys/model';
import { parseKnownHosts, type SshKnownHost } from '@tiphys/settings';
import { ApiError } from '../../errors.js';
import { checkHostName, type Selector, textOf } from './selection.js';

export const KNOWN_HOSTS_KEY = 'ssh_known_hosts';

const ALGORITHM = /^[a-z0-9][a-z0-9@.-]{2,63}$/;

export function listHostKeys(text: string, selector: Selector): readonly CertificateBody[] {
  return matching(text, selector).map((entry) => ({ ...shown(entry), certInfo: fingerprint(entry.key) }));
}

export interface HostKeysChange {
  readonly text: string;
  readonly certificates: readonly CertificateBody[];
}

/** An equal key is left as it is; another key of the same host and algorithm needs `upsert`. */
export function addHostKey(text: string, certificate: CertificateBody, upsert: boolean): HostKeysChange {
  const { serverName = '', certSubType = '' } = certificate;
  checkHostName(/^\[(.+)\]:\d+$/.exec(serverName)?.[1] ?? serverName);
  const key = textOf(certificate).trim();
  checkKey(certSubType, key);
  const known = entries(text).find(({ hosts, algorithm }) => hosts === serverName && algorithm === certSubType);
  if (known?.key === key) return { text, certificates: [] };
  if (known !== undefined && !upsert) {
    const reason = `Key for '${serverName}' (subtype: '${certSubType}') already exist and upsert was not specified.`;
    throw new ApiError('alreadyExists', reason);
  }
  const line = `${serverName} ${certSubType} ${key}`;
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  if (known === undefined) lines.push(line);
  else lines[known.line - 1] = line;
  return { text: `${lines.join('\n')}\n`, certificates: [{ ...certificate, certInfo: fingerprint(key) }] };
}

export function removeHostKeys(text: string, selector: Selector): HostKeysChange {
  const removed = matching(text, selector);
  const gone = new Set(removed.map(({ line }) => line - 1));
  const kept = text.split('\n').filter((_, index) => !gone.has(index));
  const certificates = removed.map((entry) => ({
    ...shown(entry),
    certData: Buffer.from(entry.key).toString('base64'),
  }));
  return { text: kept.join('\n'), certificates };
}

function entries(text: string): readonly SshKnownHost[] {
  return parseKnownHosts({ [KNOWN_HOSTS_KEY]: text }).settings;
}

function matching(text: string, { hostNamePattern, certSubType }: Selector): readonly SshKnownHost[] {
  const matchesHost = compileGlob(hostNamePattern);
  return entries(text).filter(
    ({ hosts, algorithm }) => matchesHost(hosts) && (certSubType === '*' || certSubType === algorithm),
  );
}

function shown({ hosts, algorithm }: SshKnownHost): CertificateBody {
  return { serverName: hosts, certType: 'ssh', certSubType: algorithm };
}

/** As OpenSSH writes it. */
function fingerprint(key: string): string {
  const digest = createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

/** The key's first field names its algorithm: a key under another name would never be found by a client. */
function checkKey(algorithm: string, key: string): void {
  const bytes = Buffer.from(key, 'base64');
  const length = bytes.length > 4 ? bytes.readUInt32BE(0) : 0;
  const named = bytes.subarray(4, 4 + length).toString('latin1');
  if (ALGORITHM.test(algorithm) && named === algorithm && !/\s/.test(key)) return;
  throw new ApiError(
    'invalidArgument',
    `the key of type '${algorithm}' is not valid; certData is the base64 of the key's field of a known_hosts line`,
  );
}
