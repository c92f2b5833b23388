/** Which certificates a request means, and what is a host name. Pure. */
import type { CertificateBody, CertificateQuery } from '@tiphys/api-contract';
import { ApiError } from '../../errors.js';

export interface Selector {
  readonly ssh: boolean;
  readonly https: boolean;
  /** A glob. */
  readonly hostNamePattern: string;
  readonly certSubType: string;
}

export function selectorOf({ hostNamePattern, certType, certSubType }: CertificateQuery): Selector {
  const type = certType || '*';
  return {
    ssh: type === '*' || type === 'ssh',
    https: type === '*' || type === 'https' || type === 'tls',
    hostNamePattern: hostNamePattern || '*',
    certSubType: certSubType || '*',
  };
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9_-]{0,62})(\.[a-z0-9]([a-z0-9_-]{0,62}))*$/i;
const IPV6 = /^[0-9a-f:]{2,39}$/i;

/** Throws `invalidArgument`. */
export function checkHostName(name: string): void {
  if (HOST_NAME.test(name) || (name.includes(':') && IPV6.test(name))) return;
  throw new ApiError('invalidArgument', `Invalid hostname in request: ${name}`);
}

/** `certData` decoded. Throws `invalidArgument`. */
export function textOf({ certData = '' }: CertificateBody): string {
  if (/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(certData)) return Buffer.from(certData, 'base64').toString();
  throw new ApiError('invalidArgument', 'certData must be base64 and not empty');
}
