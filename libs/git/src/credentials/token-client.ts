/** Requests to the services that hand out tokens: small JSON answers, no redirects, the repository's proxy and CA. */
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { GitError } from '../errors.js';
import type { GitCredentials } from '../ports.js';
import { checkLiteralHost, guardedLookup } from './guarded-connect.js';

export interface TokenRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of the repository: its proxy, CA bundle and whether certificates are checked. */
  readonly credentials: GitCredentials;
  /** What is asked, for messages: `the GitHub App 123`. */
  readonly who: string;
  readonly signal: AbortSignal;
}

export interface TokenClient {
  /** The JSON object of a 2xx answer. @throws GitError `credentials` for 4xx, `rate-limited`, `unreachable` for the rest. */
  ask(request: TokenRequest): Promise<Readonly<Record<string, unknown>>>;
}

export interface TokenClientOptions {
  /** Plain HTTP and addresses of this machine: for tests only. */
  readonly allowLocal: boolean;
  readonly timeoutMs?: number;
}

const MAX_BYTES = 1024 * 1024;

export function createTokenClient({ allowLocal, timeoutMs = 20_000 }: TokenClientOptions): TokenClient {
  return {
    ask: async (asked) => {
      const url = checkUrl(asked, allowLocal);
      const dispatcher = connect(url, asked.credentials, allowLocal);
      try {
        return await once({
          asked,
          url,
          dispatcher,
          signal: AbortSignal.any([asked.signal, AbortSignal.timeout(timeoutMs)]),
        });
      } catch (error) {
        asked.signal.throwIfAborted();
        throw error instanceof GitError ? error : unreachable(asked, url, error);
      } finally {
        void dispatcher.destroy();
      }
    },
  };
}

function checkUrl({ url: text, who }: TokenRequest, allowLocal: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && !(allowLocal && url.protocol === 'http:'))) {
    throw new GitError(
      'invalid-url',
      `The address "${text.slice(0, 200)}" of ${who} is not an https URL. Correct it in the repository Secret.`,
    );
  }
  if (!allowLocal) checkLiteralHost(url);
  return url;
}

function connect(
  url: URL,
  { proxy, noProxy = '', tlsCaData, insecure }: GitCredentials,
  allowLocal: boolean,
): Dispatcher {
  const tls = { rejectUnauthorized: insecure !== true, ...(tlsCaData === undefined ? {} : { ca: tlsCaData }) };
  if (proxy !== undefined && !isExcluded(url.hostname, noProxy)) return new ProxyAgent({ uri: proxy, requestTls: tls });
  return new Agent({ connect: { ...tls, timeout: 10_000, ...(allowLocal ? {} : { lookup: guardedLookup }) } });
}

/** `NO_PROXY` as everybody reads it: hosts, domains with or without a leading dot, `*`. */
export function isExcluded(host: string, noProxy: string): boolean {
  return noProxy
    .split(',')
    .map((entry) => entry.trim().replace(/^\*?\./, ''))
    .some((entry) => entry !== '' && (entry === '*' || host === entry || host.endsWith(`.${entry}`)));
}

interface Exchange {
  readonly asked: TokenRequest;
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
}

async function once({ asked, url, dispatcher, signal }: Exchange): Promise<Readonly<Record<string, unknown>>> {
  const { method, headers, body } = asked;
  const answer = await request(url, {
    ...{ dispatcher, signal, method },
    headers: { 'user-agent': 'tiphys-repo-server', accept: 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await readText(answer.body, asked);
  if (answer.statusCode >= 200 && answer.statusCode < 300) return parseObject(text, asked);
  throw refused(asked, { status: answer.statusCode, text, retryAfter: answer.headers['retry-after'] });
}

async function readText(body: AsyncIterable<Uint8Array>, { who }: TokenRequest): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES)
      throw new GitError('unreachable', `The answer about ${who} has more than ${MAX_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseObject(text: string, { who }: TokenRequest): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below: the text itself may hold a token.
  }
  throw new GitError(
    'credentials',
    `The answer about ${who} is no JSON object. Check the address in the repository Secret.`,
  );
}

interface Refusal {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: string | string[] | undefined;
}

function refused({ who, url }: TokenRequest, { status, text, retryAfter }: Refusal): GitError {
  const host = new URL(url).host;
  if (status === 429) {
    const afterMs = retryAfterMs(String(retryAfter ?? ''), Date.now()) ?? 60_000;
    return new GitError('rate-limited', `${host} limits requests of ${who}.`, { retry: { afterMs } });
  }
  if (status >= 500) return new GitError('unreachable', `${host} answered ${status} for ${who}. It is retried.`);
  const next = 'Check the identifiers and the key in the repository Secret.';
  return new GitError('credentials', `${host} refused ${who} (${status}${reasonOf(text)}). ${next}`);
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

/** Seconds or a date; undefined for anything else. At most an hour, at least a second. */
export function retryAfterMs(value: string, now: number): number | undefined {
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 1_000), 3_600_000);
}

function unreachable({ who }: TokenRequest, url: URL, error: unknown): GitError {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof GitError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GitError('unreachable', `${url.host} cannot be asked for a token of ${who}: ${reason}. It is retried.`, {
    cause: error,
  });
}
