/** Signed JSON web tokens (RS256), by which an app or a service account proves who it is. */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { GitError } from '../errors.js';

/** @throws GitError `credentials` for a key that is not an RSA key in PEM; the message does not show it. */
export function signToken(claims: Readonly<Record<string, unknown>>, key: SigningKey): string {
  const header = { alg: 'RS256', typ: 'JWT', ...(key.id === undefined ? {} : { kid: key.id }) };
  const payload = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${payload}.${sign('sha256', Buffer.from(payload), readKey(key)).toString('base64url')}`;
}

export interface SigningKey {
  readonly pem: string;
  readonly id?: string;
  /** Whose key it is, for messages. */
  readonly who: string;
}

function readKey({ pem, who }: SigningKey): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(pem);
  } catch {
    // The cause could show parts of the key.
  }
  if (key?.asymmetricKeyType === 'rsa') return key;
  throw new GitError(
    'credentials',
    `The private key of ${who} is not an RSA key in PEM. Correct it in the repository Secret.`,
  );
}
