/** REST calls as any client of Argo CD would make them. */
import { createHmac } from 'node:crypto';
import type { Installation } from '@tiphys/testing';

export interface Answer<T = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; undefined when it is not JSON. */
  readonly json: T;
}

export interface CallOptions {
  /** Sent as JSON, or as it is when it is a string. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Api {
  /** Any request with the session of `admin`; does not throw for 4xx and 5xx. */
  call<T = unknown>(method: string, path: string, options?: CallOptions): Promise<Answer<T>>;
  /** Like call, but throws unless the answer is 2xx; returns the body. */
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  /** Parsed items of a stream until the signal is aborted. */
  stream<T>(path: string, signal: AbortSignal): AsyncIterable<T>;
}

/** Logs in as `admin`. */
export async function login(installation: Installation): Promise<Api> {
  const { apiUrl } = installation;
  const session = await call<{ token: string }>(apiUrl, 'POST', {
    path: '/api/v1/session',
    body: { username: 'admin', password: installation.adminPassword },
  });
  const authorization = `Bearer ${successful(session).token}`;
  const ask = <T>(method: string, path: string, options: CallOptions = {}) =>
    call<T>(apiUrl, method, { ...options, path, headers: { authorization, ...options.headers } });
  return {
    call: ask,
    get: async <T>(path: string) => successful(await ask<T>('GET', path)),
    post: async <T>(path: string, body: unknown) => successful(await ask<T>('POST', path, { body })),
    stream: (path, signal) => lines(`${apiUrl}${path}`, { authorization }, signal),
  };
}

/** A request without any session. */
export async function call<T = unknown>(
  url: string,
  method: string,
  { path, body, headers = {} }: CallOptions & { readonly path: string },
): Promise<Answer<T>> {
  const payload = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...payload,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parse(text) as T };
}

export interface Push {
  /** Address that clients clone from. */
  readonly repositoryUrl: string;
  readonly commit: string;
  readonly files: readonly string[];
  readonly branch?: string;
}

/** GitHub's push event, signed with the given secret. */
export function pushRequest({ repositoryUrl, commit, files, branch = 'main' }: Push, secret: string): CallOptions {
  const body = JSON.stringify({
    ref: `refs/heads/${branch}`,
    after: commit,
    repository: { html_url: repositoryUrl.replace(/\.git$/, ''), clone_url: repositoryUrl, default_branch: 'main' },
    commits: [{ id: commit, added: [], removed: [], modified: files }],
  });
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  return { body, headers: { 'x-github-event': 'push', 'x-hub-signature-256': signature } };
}

export function successful<T>(answer: Answer<T>): T {
  if (answer.status >= 200 && answer.status < 300) return answer.json;
  throw new Error(`${answer.status} ${answer.text}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function* lines<T>(url: string, headers: Record<string, string>, signal: AbortSignal): AsyncIterable<T> {
  const response = await fetch(url, { headers, signal });
  if (response.body === null || !response.ok) throw new Error(`${response.status} ${await response.text()}`);
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body) {
    const parts = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts.filter((part) => part !== '').map((part) => JSON.parse(part) as T);
  }
}
