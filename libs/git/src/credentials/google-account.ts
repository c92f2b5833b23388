/** Google service account keys (G07): an access token from a signed statement of the account. */
import { GitError } from '../errors.js';
import type { GitRemote } from '../ports.js';
import type { IssuedToken, TokenContext } from './issued-token.js';
import { signToken } from './json-web-token.js';

/** The key file names an address too, but only this one is believed: the statement opens everything of the account. */
export const GOOGLE_TOKEN_URL = 'https://oauth2.googleapis.com/token';
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform';
const VALID_S = 3_600;

export async function googleToken(remote: GitRemote, tokenUrl: string, context: TokenContext): Promise<IssuedToken> {
  const { email, privateKey, keyId } = readKey(remote.credentials.gcpServiceAccountKey ?? '');
  const who = `the service account ${email}`;
  const now = Math.floor(context.clock.now().getTime() / 1_000);
  const claims = { iss: email, scope: SCOPE, aud: GOOGLE_TOKEN_URL, iat: now, exp: now + VALID_S };
  const assertion = signToken(claims, { pem: privateKey, who, ...(keyId === undefined ? {} : { id: keyId }) });
  const answer = await context.client.ask({
    ...{ method: 'POST', url: tokenUrl, what: who, credentials: remote.credentials, signal: context.signal },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion }).toString(),
  });
  const { access_token: token, expires_in: seconds } = answer;
  if (typeof token !== 'string') throw new GitError('credentials', `Google gave no token to ${who}. It is retried.`);
  const expiresAt = typeof seconds === 'number' ? context.clock.now().getTime() + seconds * 1_000 : 0;
  return { credentials: { username: email, password: token }, expiresAt };
}

interface AccountKey {
  readonly email: string;
  readonly privateKey: string;
  readonly keyId: string | undefined;
}

function readKey(text: string): AccountKey {
  try {
    const {
      type,
      client_email: email,
      private_key: privateKey,
      private_key_id: keyId,
    } = JSON.parse(text) as Record<string, unknown>;
    if (type === 'service_account' && typeof email === 'string' && typeof privateKey === 'string') {
      return { email, privateKey, keyId: typeof keyId === 'string' ? keyId : undefined };
    }
  } catch {
    // Said below; the text is a secret.
  }
  throw new GitError(
    'credentials',
    'gcpServiceAccountKey is not the JSON key of a service account. Correct it in the repository Secret.',
  );
}
