/** Requests to the services that hand out tokens: a JSON object, or an error that says what to correct. */
import { GitError } from '../errors.js';
import { type HostAnswer, type HostClient, type HostRequest, rateLimited } from '../http/host-client.js';

/** `what` names who asks: `the GitHub App 123`. */
export type TokenRequest = Omit<HostRequest, 'maxBytes' | 'showCertificate'>;

export interface TokenClient {
  /** The JSON object of a 2xx answer. @throws GitError `credentials` for 4xx, `rate-limited`, `unreachable` for the rest. */
  ask(request: TokenRequest): Promise<Readonly<Record<string, unknown>>>;
}

const MAX_BYTES = 1024 * 1024;

export function createTokenClient(client: HostClient): TokenClient {
  return {
    ask: async (asked) => {
      const answer = await client.send({ ...asked, maxBytes: MAX_BYTES });
      if (answer.status >= 200 && answer.status < 300) return parseObject(answer, asked);
      throw refused(asked, answer);
    },
  };
}

function parseObject({ body }: HostAnswer, { what }: TokenRequest): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below: the text itself may hold a token.
  }
  const next = 'Check the address in the repository Secret.';
  throw new GitError('credentials', `The answer about ${what} is no JSON object. ${next}`);
}

function refused({ what, url }: TokenRequest, { status, body, headers }: HostAnswer): GitError {
  const { host } = new URL(url);
  if (status === 429) return rateLimited(host, what, headers);
  if (status >= 500) return new GitError('unreachable', `${host} answered ${status} for ${what}. It is retried.`);
  const next = 'Check the identifiers and the key in the repository Secret.';
  return new GitError('credentials', `${host} refused ${what} (${status}${reasonOf(body.toString())}). ${next}`);
}

function reasonOf(text: string): string {
  try {
    const { message, error_description: description, error } = JSON.parse(text) as Record<string, unknown>;
    const reason = [message, description, error].find((part) => typeof part === 'string');
    return reason === undefined ? '' : `: ${(reason as string).slice(0, 300)}`;
  } catch {
    return '';
  }
}
