/**
 * A client of the REST surface: any route of the contract, with its input and answer types. It needs `fetch` and nothing
 * else, so that it runs in browsers, in Node and in tests.
 */
import type { TSchema } from 'typebox';
import { type RouteContract, type RouteInput, type RouteOutput, type RouteSchemas, routePath } from '../route.js';
import type { ErrorBody } from '../schemas/common.js';
import { jsonLines } from './json-lines.js';

export interface ApiClientOptions {
  /** `https://host:port`, with the root path of the installation where it has one. */
  readonly baseUrl: string;
  /** Bearer token; a function is asked for every request. Without it a browser sends its cookie. */
  readonly token?: string | (() => string | undefined | Promise<string | undefined>);
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Parts that the route does not read, or whose fields are all optional, may be left out. */
export type CallInput<S extends RouteSchemas> = Required<'params', S> & Required<'body', S> & Optional<'query', S>;

type Required<K extends 'params' | 'body', S extends RouteSchemas> = S extends { readonly [P in K]: TSchema }
  ? { readonly [P in K]: RouteInput<S>[K] }
  : { readonly [P in K]?: undefined };
type Optional<K extends 'query', S extends RouteSchemas> = S extends { readonly [P in K]: TSchema }
  ? { readonly [P in K]?: RouteInput<S>[K] }
  : { readonly [P in K]?: undefined };

export interface ApiClient {
  /** @throws ApiCallError when the server refuses or fails; what `fetch` throws when it cannot be reached. */
  call<S extends RouteSchemas>(
    route: RouteContract<S>,
    input: CallInput<S>,
    options?: CallOptions,
  ): Promise<RouteOutput<S>>;
  /** Each result as it arrives; leaving the loop closes the stream. @throws ApiCallError, also in the middle of it. */
  stream<S extends RouteSchemas>(
    route: RouteContract<S>,
    input: CallInput<S>,
    options?: CallOptions,
  ): AsyncGenerator<RouteOutput<S>, void>;
}

/** The server's answer was an error; the message is its own and says what to do next. */
export class ApiCallError extends Error {
  /** HTTP status; 200 when a stream broke in the middle. */
  readonly status: number;
  /** google.rpc.Code; 2 (unknown) when the answer was not the API server's. */
  readonly code: number;
  /** Seconds after which to try again, where the server said so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, { message, code }: Pick<ErrorBody, 'message' | 'code'>, retryAfterSeconds?: number) {
    super(message);
    this.name = 'ApiCallError';
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

interface LooseInput {
  readonly params?: unknown;
  readonly query?: unknown;
  readonly body?: unknown;
}

export function createApiClient(options: ApiClientOptions): ApiClient {
  const send = async (route: RouteContract, input: LooseInput, { signal }: CallOptions): Promise<Response> => {
    const { fetch = globalThis.fetch, token, headers = {} } = options;
    const bearer = typeof token === 'function' ? await token() : token;
    const answer = await fetch(urlOf(options.baseUrl, route, input), {
      method: route.method,
      headers: {
        ...headers,
        ...(route.method === 'GET' ? {} : { 'content-type': 'application/json' }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      ...(input.body === undefined ? {} : { body: bodyText(route, input.body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (!answer.ok) throw await errorOf(answer);
    return answer;
  };
  return {
    call: async <S extends RouteSchemas>(
      route: RouteContract<S>,
      input: CallInput<S>,
      callOptions: CallOptions = {},
    ) => {
      const answer = await send(route, input, callOptions);
      return (await answer.json()) as RouteOutput<S>;
    },
    stream: async function* stream<S extends RouteSchemas>(
      route: RouteContract<S>,
      input: CallInput<S>,
      callOptions: CallOptions = {},
    ) {
      const answer = await send(route, input, callOptions);
      for await (const line of jsonLines(answer.body)) {
        const { result, error } = line as { result?: RouteOutput<S>; error?: ErrorBody };
        if (error !== undefined) throw new ApiCallError(answer.status, error);
        if (result !== undefined) yield result;
      }
    },
  };
}

function bodyText({ bodyLines }: RouteContract, body: unknown): string {
  if (bodyLines !== true || !Array.isArray(body)) return JSON.stringify(body);
  return body.map((part: unknown) => `${JSON.stringify(part)}\n`).join('');
}

function urlOf(baseUrl: string, route: RouteContract, { params, query }: LooseInput): string {
  const path = routePath(route, (params ?? {}) as Readonly<Record<string, string>>);
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries((query ?? {}) as Readonly<Record<string, unknown>>)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (item !== undefined) search.append(name, String(item));
    }
  }
  const text = search.toString();
  return `${baseUrl.replace(/\/+$/, '')}${path}${text === '' ? '' : `?${text}`}`;
}

async function errorOf(answer: Response): Promise<ApiCallError> {
  const text = await answer.text();
  const retryAfter = Number(answer.headers.get('retry-after') ?? Number.NaN);
  return new ApiCallError(answer.status, bodyOf(text, answer), Number.isFinite(retryAfter) ? retryAfter : undefined);
}

/** A proxy in between may answer something else. */
function bodyOf(text: string, { status, statusText }: Response): Pick<ErrorBody, 'message' | 'code'> {
  try {
    const { message, code } = JSON.parse(text) as Partial<ErrorBody>;
    if (typeof message === 'string' && typeof code === 'number') return { message, code };
  } catch {
    // Not JSON: the text itself says more than the parser.
  }
  return { message: `${status} ${statusText}: ${text.slice(0, 200)}`, code: 2 };
}
