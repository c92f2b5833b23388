/** Connections to addresses that users wrote: the rules of libs/runtime with the errors of Git (S26). */
import type { LookupFunction } from 'node:net';
import { checkOutboundHost, guardedLookup as guard, type OutboundPolicy, resolveOutboundHost } from '@tiphys/runtime';
import { GitError } from '../errors.js';

/** @throws GitError `invalid-url` for a host that is written as a forbidden address: those are not looked up. */
export function checkLiteralHost(url: URL, policy: OutboundPolicy): void {
  checkOutboundHost(url.hostname, policy, forbidden);
}

/** For `connect` of undici: the addresses that were checked are those that are connected to. */
export function guardedLookup(policy: OutboundPolicy): LookupFunction {
  return guard(policy, forbidden);
}

/** Before libgit2 and git connect by themselves. A name that cannot be looked up is left to them: their errors say more. */
export async function checkRemoteHost(host: string, policy: OutboundPolicy): Promise<void> {
  try {
    await resolveOutboundHost(host, policy, forbidden);
  } catch (error) {
    if (error instanceof GitError) throw error;
  }
}

function forbidden(host: string): GitError {
  const next = 'Name the public address of the service in the repository Secret.';
  return new GitError('invalid-url', `${host} is an address of this machine or of a metadata service. ${next}`);
}
