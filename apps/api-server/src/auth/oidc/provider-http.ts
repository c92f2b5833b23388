/** HTTP to an OpenID Connect provider: its TLS is verified (CVE-2022-31105), answers are bounded in time and size. */
import { checkOutboundHost, guardedLookup, outboundPolicy } from '@tiphys/runtime';
import { Agent, buildConnector, fetch, type RequestInit, type Response } from 'undici';
import { ApiError } from '../../errors.js';

export interface ProviderHttpOptions {
  /** PEM; in place of the system's authorities. */
  readonly rootCa?: string;
  /** `oidc.tls.insecure.skip.verify`: the provider's certificate is not looked at. */
  readonly insecureSkipVerify?: boolean;
  /** Origin that every request goes to, whatever its URL says: Dex is asked directly, not through our own address. */
  readonly origin?: string;
}

export interface ProviderHttp {
  /** Throws `unavailable` when there is no answer. Redirects are followed unless the options say otherwise. */
  fetch(url: string, init?: RequestInit): Promise<Response>;
  /** The parsed body of a 200 answer; throws `unavailable` for anything else. */
  getJson(url: string, init?: RequestInit): Promise<unknown>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 1024 * 1024;

export function createProviderHttp(options: ProviderHttpOptions = {}): ProviderHttp {
  const agent = new Agent({
    connect: guardedConnector({
      timeout: TIMEOUT_MS,
      rejectUnauthorized: options.insecureSkipVerify !== true,
      ...(options.rootCa === undefined ? {} : { ca: options.rootCa }),
    }),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  const request = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const target = options.origin === undefined ? url : withOrigin(url, options.origin);
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    try {
      return await fetch(target, { ...init, signal, dispatcher: agent });
    } catch (error) {
      throw unavailable(target, reasonOf(error));
    }
  };
  return {
    fetch: request,
    getJson: async (url, init) => {
      const answer = await request(url, init);
      try {
        const body = await answer.text();
        if (answer.status === 200) return JSON.parse(body) as unknown;
      } catch (error) {
        throw unavailable(url, reasonOf(error));
      }
      throw unavailable(url, `it answered ${answer.status}`);
    },
    close: () => agent.close(),
  };
}

/** Also for the targets of redirects, and for addresses, which are not looked up (S26). */
function guardedConnector(options: buildConnector.BuildOptions): buildConnector.connector {
  const policy = outboundPolicy();
  const connect = buildConnector({ ...options, lookup: guardedLookup(policy) });
  return (target, callback) => {
    try {
      checkOutboundHost(target.hostname, policy);
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
      return;
    }
    connect(target, callback);
  };
}

function withOrigin(url: string, origin: string): string {
  const { pathname, search } = new URL(url);
  return new URL(`${pathname}${search}`, origin).href;
}

function unavailable(url: string, reason: string): ApiError {
  const { origin, pathname } = new URL(url);
  return new ApiError('unavailable', `the login provider cannot be reached at ${origin}${pathname}: ${reason}`);
}

/** undici says "fetch failed"; why is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
