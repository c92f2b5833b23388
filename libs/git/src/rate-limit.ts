/** How long a host that limits requests wants to be left alone: Git does not tell, so its first question is asked once more. */
import { type GitError, isGitError } from './errors.js';
import { type HostClient, rateLimited } from './http/host-client.js';
import { authorizationOf } from './nodegit/transport.js';
import type { GitRemote } from './ports.js';

const MAX_BYTES = 64 * 1024;

/** The error with the host's own pause where it names one (Retry-After), else as it is. */
export async function withPause(client: HostClient, remote: GitRemote, error: unknown): Promise<unknown> {
  if (!needsPause(remote, error)) return error;
  const { url, credentials } = remote;
  try {
    const answer = await client.send({
      method: 'GET',
      url: `${url.replace(/\/+$/, '')}/info/refs?service=git-upload-pack`,
      headers: { accept: '*/*', ...authorizationOf(credentials) },
      ...{ credentials, showCertificate: true, allowHttp: true, maxBytes: MAX_BYTES },
      what: url,
      signal: new AbortController().signal,
    });
    return answer.status === 429 && answer.headers['retry-after'] !== undefined
      ? rateLimited(new URL(url).host, url, answer.headers)
      : error;
  } catch {
    return error;
  }
}

function needsPause({ url }: GitRemote, error: unknown): error is GitError {
  const isLimit = isGitError(error) && error.failure === 'rate-limited' && typeof error.retry !== 'object';
  return isLimit && /^https?:\/\//.test(url);
}
