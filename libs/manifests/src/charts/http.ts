/** GET over HTTP for charts: limits on bytes and time, redirects under our rules, credentials only where they belong (G03, G05, G08). */
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { GitOpsError, isGitOpsError } from '@tiphys/model';
import {
  type Clock,
  checkOutboundHost,
  createHostGate,
  guardedLookup,
  type HostGate,
  type OutboundPolicy,
  outboundPolicy,
  systemClock,
} from '@tiphys/runtime';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import type { ChartRepository } from './ports.js';

export interface HttpGet {
  readonly url: string;
  /** Whose TLS options, proxy and credentials are used; the credentials only for hosts that may see them. */
  readonly repository?: ChartRepository;
  /** `Authorization` to send instead of the repository's username and password; empty for none. */
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  /** Ask for gzip: for large texts. Archives are gzip already. */
  readonly compressed?: boolean;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface HttpClient {
  /** Every status below 500 but redirects. @throws GitOpsError Upstream for 5xx, failing hosts and exceeded limits. */
  get(get: HttpGet): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpOptions {
  readonly userAgent: string;
  /** From the first byte asked for to the last one received. */
  readonly timeoutMs: number;
  /** PEM bundle of trusted authorities; default the system's. */
  readonly ca?: string;
  /** Requests to one host at a time; default 8. */
  readonly perHost?: number;
  readonly clock?: Clock;
  /** Which addresses may be asked (S26); default that of the process. */
  readonly outbound?: OutboundPolicy;
}

const MAX_REDIRECTS = 5;
const MAX_DISPATCHERS = 200;
const DEFAULT_PER_HOST = 8;
const unzip = promisify(gunzip);

export function createHttpClient(options: HttpOptions): HttpClient {
  const { outbound = outboundPolicy() } = options;
  const dispatchers = new Map<string, Dispatcher>();
  const dispatcherFor = (url: URL, repository: ChartRepository | undefined): Dispatcher => {
    const wanted = connectionOf(url, repository, options);
    const key = createHash('sha256').update(JSON.stringify(wanted)).digest('hex');
    const known = dispatchers.get(key) ?? connect(wanted, outbound);
    dispatchers.delete(key);
    dispatchers.set(key, known);
    closeOldest(dispatchers);
    return known;
  };
  const gate = createHostGate({
    perHost: options.perHost ?? DEFAULT_PER_HOST,
    clock: options.clock ?? systemClock,
    pauseOf: (error) => (isGitOpsError(error) && typeof error.retry === 'object' ? error.retry.afterMs : undefined),
    paused: (host, leftMs) => limited(host, leftMs),
  });
  return {
    get: async (get) => {
      const signal = AbortSignal.any([get.signal, AbortSignal.timeout(options.timeoutMs)]);
      return follow({ get, options, dispatcherFor, gate, signal, outbound });
    },
    close: async () => {
      await Promise.all([...dispatchers.values()].map((dispatcher) => dispatcher.close()));
    },
  };
}

function closeOldest(dispatchers: Map<string, Dispatcher>): void {
  const [oldest] = dispatchers;
  if (dispatchers.size <= MAX_DISPATCHERS || oldest === undefined) return;
  dispatchers.delete(oldest[0]);
  void oldest[1].close();
}

interface Connection {
  readonly tls: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly rejectUnauthorized: boolean;
  };
  readonly proxy: string;
}

function connectionOf(url: URL, repository: ChartRepository | undefined, { ca }: HttpOptions): Connection {
  const {
    tlsCaData,
    tlsClientCertData,
    tlsClientCertKey,
    insecure = false,
    proxy = '',
    noProxy = '',
  } = repository ?? {};
  const trusted = tlsCaData || ca;
  // The client certificate is a credential: other hosts do not see it.
  const own = repository !== undefined && maySeeCredentials(url, repository);
  return {
    tls: {
      rejectUnauthorized: !insecure,
      ...(trusted ? { ca: trusted } : {}),
      ...(own && tlsClientCertData && tlsClientCertKey ? { cert: tlsClientCertData, key: tlsClientCertKey } : {}),
    },
    proxy: isExcluded(url.hostname, noProxy) ? '' : proxy,
  };
}

/** Also the targets of redirects: every connection is looked up here. */
function connect({ tls, proxy }: Connection, outbound: OutboundPolicy): Dispatcher {
  const limits = { allowH2: false, connections: 8, keepAliveTimeout: 10_000 };
  if (proxy === '')
    return new Agent({ ...limits, connect: { ...tls, timeout: 10_000, lookup: guardedLookup(outbound) } });
  return new ProxyAgent({ ...limits, uri: proxy, requestTls: tls });
}

/** `NO_PROXY` as everybody reads it: hosts, domains with or without a leading dot, `*`. */
function isExcluded(host: string, noProxy: string): boolean {
  return noProxy
    .split(',')
    .map((entry) => entry.trim().replace(/^\*?\./, ''))
    .some((entry) => entry !== '' && (entry === '*' || host === entry || host.endsWith(`.${entry}`)));
}

interface Journey {
  readonly get: HttpGet;
  readonly options: HttpOptions;
  readonly dispatcherFor: (url: URL, repository: ChartRepository | undefined) => Dispatcher;
  readonly gate: HostGate;
  readonly signal: AbortSignal;
  readonly outbound: OutboundPolicy;
}

async function follow(journey: Journey): Promise<HttpAnswer> {
  let url = parseUrl(journey.get.url, journey.outbound);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const at = url;
    const { answer, location } = await journey.gate.run(at.host, () => once(journey, at));
    if (location === undefined) return answer;
    const next = parseUrl(new URL(location, url).href, journey.outbound);
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      throw failed(url, 'redirects from https to http, which would show what was asked for');
    }
    url = next;
  }
  throw failed(url, `redirects more than ${MAX_REDIRECTS} times`);
}

interface Step {
  readonly answer: HttpAnswer;
  readonly location: string | undefined;
}

async function once({ get, options, dispatcherFor, signal }: Journey, url: URL): Promise<Step> {
  try {
    const response = await request(url, {
      dispatcher: dispatcherFor(url, get.repository),
      signal,
      headers: {
        'user-agent': options.userAgent,
        'accept-encoding': get.compressed === true ? 'gzip' : 'identity',
        ...get.headers,
        ...authorization(get, url),
      },
    });
    const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)]));
    const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode) && headers['location'] !== undefined;
    const body = await readBody(response.body, isRedirect ? 64 * 1024 : get.maxBytes, url);
    if (response.statusCode === 429) throw limited(url.host, pauseMs(headers['retry-after']));
    if (response.statusCode >= 500) throw failed(url, `answered ${response.statusCode}`);
    const unpacked = get.compressed === true && headers['content-encoding'] === 'gzip';
    return {
      answer: { status: response.statusCode, headers, body: unpacked ? await expand(body, get.maxBytes, url) : body },
      location: isRedirect ? headers['location'] : undefined,
    };
  } catch (error) {
    get.signal.throwIfAborted();
    throw describe(error, url, options);
  }
}

/** Only the repository's own host sees them, unless the user passes them on. */
function authorization(get: HttpGet, url: URL): Readonly<Record<string, string>> {
  const { repository } = get;
  if (repository !== undefined && !maySeeCredentials(url, repository)) return {};
  if (get.authorization === '') return {};
  if (get.authorization !== undefined) {
    return new URL(get.url).origin === url.origin ? { authorization: get.authorization } : {};
  }
  if (repository?.bearerToken) return { authorization: `Bearer ${repository.bearerToken}` };
  if (!repository?.username && !repository?.password) return {};
  return { authorization: basicAuthorization(repository) };
}

export function basicAuthorization({ username = '', password = '' }: ChartRepository): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function maySeeCredentials(url: URL, repository: ChartRepository): boolean {
  if (repository.passCredentials === true) return true;
  const host = /^(?:[a-z]+:\/\/)?(?:[^/@]*@)?([^/]+)/i.exec(repository.url)?.[1]?.toLowerCase();
  const own = /^https?:\/\//i.test(repository.url) ? new URL(repository.url).origin === url.origin : url.host === host;
  return own;
}

async function readBody(body: AsyncIterable<Uint8Array>, maxBytes: number, url: URL): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw failed(url, `sent more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function expand(body: Uint8Array, maxBytes: number, url: URL): Promise<Uint8Array> {
  try {
    return await unzip(body, { maxOutputLength: maxBytes });
  } catch (error) {
    throw failed(url, `sent a compressed text that is broken, or larger than ${maxBytes} bytes`, error);
  }
}

function parseUrl(text: string, outbound: OutboundPolicy): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') {
    checkOutboundHost(url.hostname, outbound);
    return url;
  }
  throw new GitOpsError(
    'InvalidSpec',
    `"${text.slice(0, 200)}" is no http or https URL. Correct the repository's URL.`,
  );
}

const CODES: Readonly<Record<string, string>> = {
  ENOTFOUND: 'is not known by its name',
  ECONNREFUSED: 'refuses connections',
  ECONNRESET: 'broke the connection off',
  EAI_AGAIN: 'could not be looked up by its name',
  UND_ERR_CONNECT_TIMEOUT: 'does not answer',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'shows a certificate that nobody signed: add its authority to argocd-tls-certs-cm',
  SELF_SIGNED_CERT_IN_CHAIN: 'shows a certificate of an unknown authority: add it to argocd-tls-certs-cm',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'shows a certificate of an unknown authority: add it to argocd-tls-certs-cm',
  CERT_HAS_EXPIRED: 'shows a certificate that has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'shows a certificate for another name',
};

function describe(error: unknown, url: URL, { timeoutMs }: HttpOptions): unknown {
  if (error instanceof GitOpsError || !(error instanceof Error)) return error;
  if (error.name === 'TimeoutError') return failed(url, `did not answer within ${timeoutMs / 1_000} s`, error);
  const code = 'code' in error ? String(error.code) : '';
  return failed(url, CODES[code] ?? `could not be asked (${code || error.name})`, error);
}

const DEFAULT_PAUSE_S = 60;
const MAX_PAUSE_S = 3_600;

/** What a host asks for, in seconds or as a date; within an hour. */
function pauseMs(retryAfter = ''): number {
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1_000;
  return Math.max(1, Math.min(Number.isNaN(seconds) ? DEFAULT_PAUSE_S : Math.ceil(seconds), MAX_PAUSE_S)) * 1_000;
}

function limited(host: string, afterMs: number): GitOpsError {
  const message = `The host ${host} limits requests (429). It is asked again in ${Math.ceil(afterMs / 1_000)} s.`;
  return new GitOpsError('Upstream', message, { retry: { afterMs } });
}

function failed(url: URL, what: string, cause?: unknown): GitOpsError {
  return new GitOpsError('Upstream', `The host ${url.host} ${what}. Check the repository and its credentials.`, {
    cause,
  });
}
