/**
 * Connections to addresses that users wrote (S26): never to metadata services and link-local addresses, and to this machine only
 * where the installation permits it. Private networks are allowed: Git hosts and clusters live there.
 */
import { type LookupAddress, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { GitOpsError } from '@tiphys/model';

export interface OutboundPolicy {
  /** Addresses of this machine: for development and tests. */
  readonly allowLoopback: boolean;
}

const NEVER = new BlockList();
NEVER.addSubnet('169.254.0.0', 16);
NEVER.addSubnet('fe80::', 10, 'ipv6');
/** Metadata services of clouds outside of the link-local ranges: EC2, Alibaba, Azure, Oracle. */
NEVER.addAddress('fd00:ec2::254', 'ipv6');
NEVER.addAddress('100.100.100.200');
NEVER.addAddress('168.63.129.16');
NEVER.addAddress('192.0.0.192');
/** Everybody: multicast and broadcast. */
NEVER.addSubnet('224.0.0.0', 3);
NEVER.addSubnet('ff00::', 8, 'ipv6');

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('0.0.0.0', 8);
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::', 'ipv6');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether no connection may go to the IP address; IPv4 addresses inside of IPv6 ones (mapped, NAT64) count as what they are. */
export function isRefusedAddress(address: string, { allowLoopback }: OutboundPolicy): boolean {
  const plain = address.replace(/%.*$/, '');
  const embedded = ipv4In(plain) ?? plain;
  const family = isIP(embedded) === 6 ? 'ipv6' : 'ipv4';
  return NEVER.check(embedded, family) || (!allowLoopback && LOOPBACK.check(embedded, family));
}

/** `64:ff9b::a.b.c.d`, `::ffff:a.b.c.d` and `::a.b.c.d`, also with the last two groups in hexadecimal. */
function ipv4In(address: string): string | undefined {
  if (isIP(address) !== 6) return undefined;
  const url = new URL(`http://[${address}]`);
  const [, high, low] = /^\[(?:64:ff9b:|:(?::ffff)?):([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(url.hostname) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const bytes = [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
  return bytes.join('.');
}

/** What is thrown for a host that is refused. */
export type RefusedHost = (host: string) => Error;

function refusedHost(host: string): Error {
  const next = 'Use the address under which other machines reach the service.';
  const text = `${host} is an address of this machine, of its link or of a metadata service: it is not asked. ${next}`;
  return new GitOpsError('InvalidSpec', text);
}

/** For a host that is written as an address: those are not looked up, so {@link guardedLookup} never sees them. @throws RefusedHost */
export function checkOutboundHost(host: string, policy: OutboundPolicy, refuse: RefusedHost = refusedHost): void {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isIP(bare) !== 0 && isRefusedAddress(bare, policy)) throw refuse(host);
}

/**
 * The `lookup` of a connection: every address that the name has is checked, and it is one of these that is connected to, so a
 * name whose addresses change between two questions gains nothing.
 */
export function guardedLookup(policy: OutboundPolicy, refuse: RefusedHost = refusedHost): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      const [first] = found ?? [];
      if (error !== null || first === undefined) return callback(error ?? new Error(`no address for ${hostname}`), []);
      if (found.some(({ address }) => isRefusedAddress(address, policy))) return callback(refuse(hostname), []);
      if (options.all === true) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}

/** For programs and libraries that connect by themselves: refuses a host before they are asked to. @throws RefusedHost, or the error of the lookup. */
export function resolveOutboundHost(
  host: string,
  policy: OutboundPolicy,
  refuse: RefusedHost = refusedHost,
): Promise<void> {
  return new Promise((resolve, reject) => {
    checkOutboundHost(host, policy, refuse);
    const bare = host.replace(/^\[|\]$/g, '');
    guardedLookup(policy, refuse)(bare, { all: true }, (error) => (error === null ? resolve() : reject(error)));
  });
}
