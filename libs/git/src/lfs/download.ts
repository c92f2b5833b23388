/** One file of Git LFS: the batch API says where it is, and what arrives must be what its name promises. */
import { createHash } from 'node:crypto';
import { GitError } from '../errors.js';
import { type HostAnswer, type HostClient, rateLimited } from '../http/host-client.js';
import type { GitRemote } from '../ports.js';
import { type LfsEndpoint, textsOf } from './endpoint.js';
import type { LfsPointer } from './pointer.js';

export interface LfsDownload {
  readonly client: HostClient;
  readonly remote: GitRemote;
  readonly endpoint: LfsEndpoint;
  readonly pointer: LfsPointer;
  readonly signal: AbortSignal;
}

const MEDIA_TYPE = 'application/vnd.git-lfs+json';
const MAX_ANSWER_BYTES = 1024 * 1024;

/** @throws GitError `credentials`, `rate-limited`, `unreachable`; `mirror` for content that is not what was asked for. */
export async function downloadLfs(download: LfsDownload): Promise<Buffer> {
  const { client, remote, pointer, signal } = download;
  const { href, headers } = await askWhere(download);
  const own = isSameOrigin(href, download.endpoint.url);
  const answer = await client.send({
    ...{ method: 'GET', url: href, signal, credentials: remote.credentials, showCertificate: own },
    what: whatOf(download),
    allowHttp: isPlain(remote),
    maxBytes: pointer.size,
    // Without headers of its own, the place is behind the same door as the API.
    headers: { accept: '*/*', ...(own && Object.keys(headers).length === 0 ? download.endpoint.headers : headers) },
  });
  if (answer.status !== 200) throw refused(download, href, answer);
  const digest = createHash('sha256').update(answer.body).digest('hex');
  if (answer.body.length === pointer.size && digest === pointer.oid) return answer.body;
  const next = 'It is not used. Check the LFS storage of the host.';
  throw new GitError('mirror', `${new URL(href).host} sent other content for ${whatOf(download)}. ${next}`);
}

interface Place {
  readonly href: string;
  readonly headers: Readonly<Record<string, string>>;
}

async function askWhere(download: LfsDownload): Promise<Place> {
  const { client, remote, endpoint, pointer, signal } = download;
  const url = `${endpoint.url}/objects/batch`;
  const answer = await client.send({
    ...{ method: 'POST', url, signal, credentials: remote.credentials, showCertificate: isSameOrigin(url, remote.url) },
    what: whatOf(download),
    allowHttp: isPlain(remote),
    maxBytes: MAX_ANSWER_BYTES,
    headers: { accept: MEDIA_TYPE, 'content-type': MEDIA_TYPE, ...endpoint.headers },
    body: JSON.stringify({ operation: 'download', transfers: ['basic'], hash_algo: 'sha256', objects: [pointer] }),
  });
  if (answer.status !== 200) throw refused(download, url, answer);
  const { error, actions } = objectOf(answer);
  const { href, header } = actions?.download ?? {};
  if (typeof href === 'string') return { href, headers: textsOf(header) };
  const reason = typeof error?.message === 'string' ? `: ${error.message.slice(0, 200)}` : '';
  const next = 'Push it with git lfs push.';
  throw new GitError('unsupported', `${whatOf(download)} is not in the LFS storage of its host${reason}. ${next}`);
}

interface BatchObject {
  readonly error?: { readonly message?: unknown };
  readonly actions?: { readonly download?: { readonly href?: unknown; readonly header?: unknown } };
}

function objectOf({ body }: HostAnswer): BatchObject {
  try {
    const { objects } = JSON.parse(body.toString()) as { objects?: readonly BatchObject[] };
    return objects?.[0] ?? {};
  } catch {
    return {};
  }
}

function refused(download: LfsDownload, url: string, { status, headers }: HostAnswer): GitError {
  const { host } = new URL(url);
  const what = whatOf(download);
  if (status === 429) return rateLimited(host, what, headers);
  if (status === 401 || status === 403) {
    const next = 'Check that the credentials in the repository Secret may read LFS files.';
    return new GitError('credentials', `${host} refused ${what} (${status}). ${next}`);
  }
  if (status === 404 || status === 410) {
    return new GitError('unsupported', `${host} has no ${what}. Push it with git lfs push, or set enableLfs to false.`);
  }
  return new GitError('unreachable', `${host} answered ${status} for ${what}. It is retried.`);
}

function isSameOrigin(url: string, other: string): boolean {
  return URL.canParse(url) && URL.canParse(other) && new URL(url).origin === new URL(other).origin;
}

function isPlain({ url }: GitRemote): boolean {
  return url.startsWith('http://');
}

function whatOf({ remote, pointer }: LfsDownload): string {
  return `the LFS file ${pointer.oid.slice(0, 12)} of ${remote.url}`;
}
