/** The environment of this process: what programs get that it starts for a user, and what every part of it may rely on. */
import type { OutboundPolicy } from './outbound.js';

/** Without our own settings (`TIPHYS_*`), which may name secrets. */
export function inheritedEnvironment(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<string, string>> {
  const entries = Object.entries(env).filter(([name, value]) => value !== undefined && !name.startsWith('TIPHYS_'));
  return Object.fromEntries(entries) as Readonly<Record<string, string>>;
}

/** `TIPHYS_ALLOW_LOOPBACK=true`: services on this machine may be asked for what users write; for development and tests (S26). */
export function outboundPolicy(env: Readonly<Record<string, string | undefined>> = process.env): OutboundPolicy {
  return { allowLoopback: env['TIPHYS_ALLOW_LOOPBACK'] === 'true' };
}
