/** Checking who sent a webhook: over the raw bytes, before anything is parsed, in constant time (J03, S13). */
import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * `unverified`: no secret is configured for the sender, so anybody may have sent it (as in Argo CD).
 * `unconfigured`: no secret is configured where one is mandatory.
 */
export type Verdict = 'verified' | 'unverified' | 'refused' | 'unconfigured';

/** Lower-case names. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export function header(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** `signature`: hex, with or without the algorithm before it (`sha256=…`). */
export function hmacVerdict(
  secret: string | undefined,
  signature: string | undefined,
  { signed, algorithm = 'sha256' }: { readonly signed: Buffer | string; readonly algorithm?: 'sha256' | 'sha1' },
): Verdict {
  if (secret === undefined) return 'unverified';
  const expected = createHmac(algorithm, secret).update(signed).digest();
  const hex = (signature ?? '').replace(`${algorithm}=`, '');
  const sent = /^(?:[0-9a-f]{2})+$/i.test(hex) ? Buffer.from(hex, 'hex') : Buffer.alloc(0);
  return sent.length === expected.length && timingSafeEqual(sent, expected) ? 'verified' : 'refused';
}

export function equalityVerdict(secret: string | undefined, sent: string | undefined): Verdict {
  if (secret === undefined) return 'unverified';
  // Digests have one length, so that the comparison does not tell the secret's.
  const digest = (value: string) => createHmac('sha256', 'webhook').update(value).digest();
  return timingSafeEqual(digest(secret), digest(sent ?? '')) ? 'verified' : 'refused';
}

/** Of a sender that is not served without a secret. */
export function mandatory(verdict: Verdict): Verdict {
  return verdict === 'unverified' ? 'unconfigured' : verdict;
}
