/** Connections to addresses that users wrote: never to this machine or to the network's metadata services (S26). */
import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { GitError } from '../errors.js';

const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('0.0.0.0', 8);
FORBIDDEN.addSubnet('127.0.0.0', 8);
FORBIDDEN.addSubnet('169.254.0.0', 16);
FORBIDDEN.addAddress('::', 'ipv6');
FORBIDDEN.addAddress('::1', 'ipv6');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
/** Metadata services of clouds outside of the link-local ranges. */
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');
FORBIDDEN.addAddress('100.100.100.200');

/** Also for IPv4 addresses that are written as IPv6 ones. */
export function isForbiddenAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
  return FORBIDDEN.check(mapped, isIP(mapped) === 6 ? 'ipv6' : 'ipv4');
}

/** @throws GitError `invalid-url` for a host that is written as a forbidden address: those are not looked up. */
export function checkLiteralHost(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isForbiddenAddress(host)) throw forbidden(url.hostname);
}

/** For `connect` of undici: the addresses that were checked are those that are connected to. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
    const [first] = found ?? [];
    if (error !== null || first === undefined) return callback(error ?? new Error(`no address for ${hostname}`), []);
    if (found.some(({ address }) => isForbiddenAddress(address))) return callback(forbidden(hostname), []);
    if (options.all === true) callback(null, found);
    else callback(null, first.address, first.family);
  });
};

function forbidden(host: string): GitError {
  const next = 'Name the public address of the service in the repository Secret.';
  return new GitError('invalid-url', `${host} is an address of this machine or of a metadata service. ${next}`);
}
