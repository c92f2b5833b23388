/** Requests over real HTTP; every answer is kept, so that it can be searched for secrets at the end (S21). */
import type { RouteContract } from '@tiphys/api-contract';
import { type Input, urlOf } from './operations.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed; undefined when it is not JSON. */
  readonly json: unknown;
}

export interface Recorded {
  readonly who: string;
  readonly what: string;
  readonly status: number;
  readonly text: string;
}

export interface RawRequest {
  readonly who: string;
  readonly what: string;
  readonly token?: string | undefined;
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface SurfaceClient {
  readonly recorded: readonly Recorded[];
  /** Of requests that were made otherwise. */
  keep(answer: Recorded): void;
  raw(request: RawRequest): Promise<Answer>;
  call(route: RouteContract, input: Input, caller: Caller): Promise<Answer>;
  /** The items of a stream that come before it ends, or before `count` of them are there. */
  stream(
    route: RouteContract,
    input: Input,
    options: StreamOptions,
  ): Promise<Answer & { readonly items: readonly unknown[] }>;
}

export interface Caller {
  readonly name: string;
  readonly token: string | undefined;
}

export interface StreamOptions {
  readonly caller: Caller;
  readonly count: number;
  readonly accept?: string;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const TIMEOUT_MS = 30_000;

export function createSurfaceClient(base: string): SurfaceClient {
  const recorded: Recorded[] = [];
  const record = ({ who, what }: Pick<RawRequest, 'who' | 'what'>, status: number, parts: readonly string[]) =>
    void recorded.push({ who, what, status, text: parts.join('\n') });
  const send = async ({ token, method, url, headers = {}, body }: RawRequest, signal: AbortSignal) =>
    fetch(`${base}${url}`, {
      ...{ method, signal, redirect: 'manual' },
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(method === 'GET' ? {} : JSON_TYPE),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
  const raw = async (request: RawRequest): Promise<Answer> => {
    const response = await send(request, AbortSignal.timeout(TIMEOUT_MS));
    const text = await response.text();
    const { status, headers } = response;
    record(request, status, [text, JSON.stringify([...headers])]);
    return { status, headers, text, json: parsed(text) };
  };
  return {
    recorded,
    keep: (answer) => void recorded.push(answer),
    raw,
    call: (route, input, { name, token }) =>
      raw({
        ...{ who: name, what: route.operationId, token, method: route.method, url: urlOf(route, input) },
        ...(input.body === undefined ? {} : { body: bodyText(route, input.body) }),
      }),
    stream: async (route, input, { caller, count, accept = 'application/json' }) => {
      const request = {
        ...{ who: caller.name, what: route.operationId, token: caller.token, method: route.method },
        ...{ url: urlOf(route, input), headers: { accept } },
      };
      const controller = new AbortController();
      const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const response = await send(request, signal);
      const lines = await readLines(response, count);
      controller.abort();
      const { status, headers } = response;
      const text = lines.join('\n');
      record(request, status, [text]);
      return {
        status,
        headers,
        text,
        json: parsed(text),
        items: lines.map((line) => parsed(line.replace(/^data: /, ''))),
      };
    },
  };
}

async function readLines(response: Response, count: number): Promise<readonly string[]> {
  const lines: string[] = [];
  let rest = '';
  for await (const chunk of response.body ?? []) {
    const parts = (rest + Buffer.from(chunk).toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.filter((line) => line !== '' && !line.startsWith(':')));
    if (lines.length >= count) return lines.slice(0, count);
  }
  return rest === '' ? lines : [...lines, rest];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function bodyText({ bodyLines }: RouteContract, body: unknown): string {
  if (bodyLines !== true || !Array.isArray(body)) return JSON.stringify(body);
  return body.map((part: unknown) => `${JSON.stringify(part)}\n`).join('');
}
