/** HTTP beside Git itself: small answers, no redirects, the repository's proxy, CA and client certificate. */
import type { OutboundPolicy } from '@tiphys/runtime';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { GitError } from '../errors.js';
import type { GitCredentials } from '../ports.js';
import { checkLiteralHost, guardedLookup } from './guarded-connect.js';

export interface HostRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Of the repository; `showCertificate` when the request goes to its own host. */
  readonly credentials: GitCredentials;
  readonly showCertificate?: boolean;
  /** The repository itself is read over plain HTTP. */
  readonly allowHttp?: boolean;
  readonly maxBytes: number;
  /** What is asked, for messages: `the GitHub App 123`. */
  readonly what: string;
  readonly signal: AbortSignal;
}

export interface HostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface HostClient {
  /** Any status. @throws GitError `invalid-url` for addresses that may not be asked (S26), `unreachable`, `certificate`. */
  send(request: HostRequest): Promise<HostAnswer>;
}

export interface HostClientOptions {
  /** Plain HTTP and addresses of this machine: for tests and development only. */
  readonly allowLocal: boolean;
  /** From the first byte asked for to the last one received. */
  readonly timeoutMs?: number;
  /** PEM bundle of trusted authorities; default those of Node. */
  readonly ca?: string;
}

export function createHostClient(options: HostClientOptions): HostClient {
  const { allowLocal, timeoutMs = 20_000 } = options;
  return {
    send: async (asked) => {
      const url = checkUrl(asked, allowLocal);
      const dispatcher = connect(url, asked, options);
      const signal = AbortSignal.any([asked.signal, AbortSignal.timeout(timeoutMs)]);
      try {
        return await once({ asked, url, dispatcher, signal });
      } catch (error) {
        asked.signal.throwIfAborted();
        throw error instanceof GitError ? error : unreachable(asked, url, error);
      } finally {
        void dispatcher.destroy();
      }
    },
  };
}

function checkUrl({ url: text, what, allowHttp = false }: HostRequest, allowLocal: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocols = allowHttp || allowLocal ? ['https:', 'http:'] : ['https:'];
  if (url === undefined || !protocols.includes(url.protocol)) {
    const next = 'Correct it in the repository Secret.';
    throw new GitError('invalid-url', `The address "${text.slice(0, 200)}" of ${what} is not an https URL. ${next}`);
  }
  checkLiteralHost(url, policyOf(allowLocal));
  return url;
}

/** Metadata services are never asked, not even where addresses of this machine may be. */
function policyOf(allowLocal: boolean): OutboundPolicy {
  return { allowLoopback: allowLocal };
}

function connect(url: URL, { credentials, showCertificate }: HostRequest, options: HostClientOptions): Dispatcher {
  const { allowLocal } = options;
  const { proxy, noProxy = '', tlsCaData, insecure, tlsClientCertData, tlsClientCertKey } = credentials;
  const shows = showCertificate === true && tlsClientCertData !== undefined && tlsClientCertKey !== undefined;
  const ca = tlsCaData ?? options.ca;
  const tls = {
    rejectUnauthorized: insecure !== true,
    ...(ca === undefined ? {} : { ca }),
    ...(shows ? { cert: tlsClientCertData, key: tlsClientCertKey } : {}),
  };
  if (proxy !== undefined && !isExcluded(url.hostname, noProxy)) return new ProxyAgent({ uri: proxy, requestTls: tls });
  return new Agent({ connect: { ...tls, timeout: 10_000, lookup: guardedLookup(policyOf(allowLocal)) } });
}

/** `NO_PROXY` as everybody reads it: hosts, domains with or without a leading dot, `*`. */
export function isExcluded(host: string, noProxy: string): boolean {
  return noProxy
    .split(',')
    .map((entry) => entry.trim().replace(/^\*?\./, ''))
    .some((entry) => entry !== '' && (entry === '*' || host === entry || host.endsWith(`.${entry}`)));
}

interface Exchange {
  readonly asked: HostRequest;
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  readonly signal: AbortSignal;
}

async function once({ asked, url, dispatcher, signal }: Exchange): Promise<HostAnswer> {
  const { method, headers, body } = asked;
  const answer = await request(url, {
    ...{ dispatcher, signal, method },
    headers: { 'user-agent': 'tiphys-repo-server', accept: 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const flat = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, String(value)]));
  return { status: answer.statusCode, headers: flat, body: await readBody(answer.body, asked) };
}

async function readBody(body: AsyncIterable<Uint8Array>, { what, maxBytes }: HostRequest): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes)
      throw new GitError('unreachable', `The answer about ${what} has more than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Seconds or a date; undefined for anything else. At most an hour, at least a second. */
export function retryAfterMs(value: string, now: number): number | undefined {
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 1_000), 3_600_000);
}

/** The pause that a 429 asks for; a minute when it names none. */
export function rateLimited(host: string, what: string, headers: HostAnswer['headers']): GitError {
  const afterMs = retryAfterMs(headers['retry-after'] ?? '', Date.now()) ?? 60_000;
  return new GitError('rate-limited', `${host} limits requests of ${what}.`, { retry: { afterMs } });
}

const CERTIFICATE = /CERT|SIGNATURE|ALTNAME|SELF_SIGNED/;

function unreachable({ what }: HostRequest, url: URL, error: unknown): GitError {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof GitError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (CERTIFICATE.test(String((cause as { code?: string }).code))) {
    const next = "Add the host's CA certificate to argocd-tls-certs-cm under the host name.";
    return new GitError(
      'certificate',
      `The TLS certificate of ${url.host} could not be verified for ${what}: ${reason}. ${next}`,
      { cause: error },
    );
  }
  return new GitError('unreachable', `${url.host} cannot be asked for ${what}: ${reason}. It is retried.`, {
    cause: error,
  });
}
