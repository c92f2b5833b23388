/** S26: which addresses that users write may be connected to. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { outboundPolicy } from './environment.js';
import { checkOutboundHost, guardedLookup, isRefusedAddress, resolveOutboundHost } from './outbound.js';

const [STRICT, DEVELOPMENT] = [{ allowLoopback: false }, { allowLoopback: true }];

describe('addresses (S26)', () => {
  it.each([
    ['169.254.169.254', 'the metadata service of most clouds'],
    ['169.254.170.2', 'credentials of ECS tasks'],
    ['fe80::1', 'a link-local one'],
    ['fe80::1%eth0', 'one with a zone'],
    ['fd00:ec2::254', 'the metadata service of EC2 in IPv6'],
    ['100.100.100.200', 'that of Alibaba'],
    ['168.63.129.16', 'that of Azure'],
    ['::ffff:169.254.169.254', 'one that is written as IPv6'],
    ['::ffff:a9fe:a9fe', 'one in hexadecimal'],
    ['64:ff9b::a9fe:a9fe', 'one behind NAT64'],
    ['::169.254.169.254', 'one of the oldest form'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'broadcast'],
    ['ff02::1', 'multicast in IPv6'],
  ])('%s is never asked: %s', (address) => {
    expect([isRefusedAddress(address, STRICT), isRefusedAddress(address, DEVELOPMENT)]).toEqual([true, true]);
  });

  it.each(['127.0.0.1', '127.8.8.8', '0.0.0.0', '::1', '::', '::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1'])(
    '%s is this machine: only for development',
    (address) => {
      expect([isRefusedAddress(address, STRICT), isRefusedAddress(address, DEVELOPMENT)]).toEqual([true, false]);
    },
  );

  it.each(['10.0.0.1', '172.16.0.1', '192.168.1.1', '140.82.121.3', 'fd12::1', '2001:db8::1', '64:ff9b::a00:1'])(
    '%s may be asked: Git hosts and clusters live there',
    (address) => expect(isRefusedAddress(address, STRICT)).toBe(false),
  );

  it('this machine is refused unless the environment says otherwise', () => {
    expect(outboundPolicy({})).toEqual(STRICT);
    expect(outboundPolicy({ TIPHYS_ALLOW_LOOPBACK: 'false' })).toEqual(STRICT);
    expect(outboundPolicy({ TIPHYS_ALLOW_LOOPBACK: 'true' })).toEqual(DEVELOPMENT);
  });
});

describe('hosts (S26)', () => {
  /** As URLs show them: other spellings of numbers are gone. */
  const hostOf = (url: string) => new URL(url).hostname;

  it.each([
    'http://127.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://[::1]/',
    'http://169.254.169.254/latest',
  ])('%s is refused before anything is asked, and says what to do', (url) => {
    expect(() => checkOutboundHost(hostOf(url), STRICT)).toThrow(/is not asked\. Use the address/);
  });

  it.each(['localhost', '127.0.0.1'])('%s is refused when it is looked up', async (host) => {
    await expect(resolveOutboundHost(host, STRICT)).rejects.toThrow('is not asked');
    await expect(resolveOutboundHost(host, DEVELOPMENT)).resolves.toBeUndefined();
  });

  it('a connection goes to an address that was checked, and to no other', async () => {
    const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const open = (policy: typeof STRICT) =>
      new Promise<string>((resolve) => {
        const socket = connect({ host: 'localhost', port, lookup: guardedLookup(policy) });
        socket.once('connect', () => resolve(`connected to ${socket.remotePort}`));
        socket.once('error', (error) => resolve(error.message));
      });
    expect(await open(STRICT)).toMatch(/^localhost is an address of this machine/);
    expect(await open(DEVELOPMENT)).toBe(`connected to ${port}`);
    server.close();
  });
});
