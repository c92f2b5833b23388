/** S26: hosts that are never given to libgit2 and git. */
import { expect, it } from 'vitest';
import { checkRemoteHost } from './guarded-connect.js';

const strict = { allowLoopback: false };

it.each(['127.0.0.1', 'localhost', '[::1]', '169.254.169.254', '[fe80::1]'])('S26 %s is refused', async (host) => {
  await expect(checkRemoteHost(host, strict)).rejects.toMatchObject({ failure: 'invalid-url' });
});

it.each(['10.1.2.3', 'no-such-host.invalid'])('%s is left to Git', async (host) => {
  await expect(checkRemoteHost(host, strict)).resolves.toBeUndefined();
});

it('this machine may be asked where the installation says so, the metadata service not even then', async () => {
  await expect(checkRemoteHost('127.0.0.1', { allowLoopback: true })).resolves.toBeUndefined();
  await expect(checkRemoteHost('169.254.169.254', { allowLoopback: true })).rejects.toThrow('metadata');
});
