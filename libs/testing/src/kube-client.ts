/** A small Kubernetes REST client for tests: raw JSON in and out, nothing dropped, nothing retried. */
import { Agent, request } from 'undici';

/** Where an API server is and how to authenticate there. */
export interface ClusterAccess {
  /** `https://host:port`. */
  readonly server: string;
  /** Base64 PEM bundle as in a kubeconfig. */
  readonly caData?: string | undefined;
  readonly token?: string | undefined;
  readonly clientCertificateData?: string | undefined;
  readonly clientKeyData?: string | undefined;
}

/** Any Kubernetes object. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: KubeMetadata;
  readonly [field: string]: unknown;
}

/** The metadata fields that the harness looks at. */
export interface KubeMetadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** Parts of a request beside its method and path. */
export interface KubeRequest {
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is when it is a string. */
  readonly body?: unknown;
  readonly contentType?: string;
}

/** Server-side apply parameters. */
export interface ApplyOptions {
  /** Default `tiphys-test`. */
  readonly fieldManager?: string;
  /** Take over conflicting fields; default true. */
  readonly force?: boolean;
}

/** One event of a watch. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/** An answer with status 400 or above. */
export class KubeError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, what: string, body: unknown) {
    const status = (typeof body === 'object' && body !== null ? body : {}) as { message?: string; reason?: string };
    super(`${what}: ${code} ${status.message ?? ''}`);
    this.name = 'KubeError';
    this.code = code;
    this.reason = status.reason ?? '';
  }
}

/** REST access to one cluster as one user. */
export interface KubeClient {
  readonly access: ClusterAccess;
  /** Any request; throws KubeError for status 400 and above. */
  request<T = KubeObject>(method: string, path: string, options?: KubeRequest): Promise<T>;
  get<T = KubeObject>(path: string): Promise<T>;
  /** Like get, but undefined when there is no such object. */
  find<T = KubeObject>(path: string): Promise<T | undefined>;
  /** Server-side apply; the path comes from discovery. */
  apply(object: KubeObject, options?: ApplyOptions): Promise<KubeObject>;
  create(object: KubeObject): Promise<KubeObject>;
  /** JSON merge patch. */
  patch(path: string, body: unknown, query?: Readonly<Record<string, string>>): Promise<KubeObject>;
  /** Deletes by path; no error when it is already gone. */
  remove(path: string, query?: Readonly<Record<string, string>>): Promise<void>;
  /** API path of an object, from discovery. */
  pathOf(object: KubeObject): Promise<string>;
  /** Items of a list. */
  list(path: string, query?: Readonly<Record<string, string>>): Promise<readonly KubeObject[]>;
  /** Body of a GET as a stream of lines, for watches and logs; ends when the server or the signal ends it. */
  lines(path: string, query: Readonly<Record<string, string>>, signal: AbortSignal): AsyncIterable<string>;
  /** Closes the connections. */
  close(): Promise<void>;
}

/** Connects to an API server; `userAgent` shows in the audit log. */
export function createKubeClient(access: ClusterAccess, userAgent = 'tiphys-testing'): KubeClient {
  const dispatcher = new Agent({ connect: tlsOf(access), bodyTimeout: 0, connections: 32 });
  const base = { 'user-agent': userAgent, accept: 'application/json' };
  const headers: Record<string, string> = access.token ? { ...base, authorization: `Bearer ${access.token}` } : base;
  const resources = new Map<string, readonly ApiResource[]>();

  const send = async <T>(method: string, path: string, options: KubeRequest = {}): Promise<T> => {
    const { query, body, contentType = 'application/json' } = options;
    const answer = await request(urlOf(access.server, path, query), {
      method: method as 'GET',
      dispatcher,
      headers: body === undefined ? headers : { ...headers, 'content-type': contentType },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.body.text();
    const parsed: unknown = parseBody(text);
    if (answer.statusCode >= 400) {
      throw new KubeError(answer.statusCode, `${method} ${path}`, parsed);
    }
    return parsed as T;
  };

  const resourceOf = async (apiVersion: string, kind: string): Promise<ApiResource> => {
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const find = () => resources.get(apiVersion)?.find((entry) => entry.kind === kind && !entry.name.includes('/'));
    if (find() === undefined) {
      resources.set(apiVersion, (await send<{ resources: ApiResource[] }>('GET', root)).resources);
    }
    const found = find();
    if (found === undefined) {
      throw new Error(`the cluster has no kind ${kind} in ${apiVersion}`);
    }
    return { ...found, root };
  };

  const collectionOf = async (object: KubeObject): Promise<string> => {
    const { root, name, namespaced } = await resourceOf(object.apiVersion, object.kind);
    return namespaced ? `${root}/namespaces/${object.metadata.namespace ?? 'default'}/${name}` : `${root}/${name}`;
  };
  const pathOf = async (object: KubeObject): Promise<string> => `${await collectionOf(object)}/${object.metadata.name}`;

  return {
    access,
    request: send,
    get: (path) => send('GET', path),
    find: (path) => undefinedWhenMissing(send('GET', path)),
    apply: async (object, { fieldManager = 'tiphys-test', force = true } = {}) =>
      send('PATCH', await pathOf(object), {
        query: { fieldManager, force: String(force) },
        body: object,
        contentType: 'application/apply-patch+yaml',
      }),
    create: async (object) => send('POST', await collectionOf(object), { body: object }),
    patch: (path, body, query = {}) =>
      send('PATCH', path, { query, body, contentType: 'application/merge-patch+json' }),
    remove: async (path, query = {}) => {
      await undefinedWhenMissing(send('DELETE', path, { query }));
    },
    pathOf,
    list: async (path, query = {}) => (await send<{ items?: KubeObject[] }>('GET', path, { query })).items ?? [],
    lines: async function* (path, query, signal) {
      const answer = await request(urlOf(access.server, path, query), { dispatcher, headers, signal });
      if (answer.statusCode >= 400) {
        throw new KubeError(answer.statusCode, `GET ${path}`, parseBody(await answer.body.text()));
      }
      yield* splitLines(answer.body);
    },
    close: () => dispatcher.destroy(),
  };
}

interface ApiResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly root?: string;
}

function tlsOf(access: ClusterAccess): Record<string, string | boolean> {
  const decode = (data: string) => Buffer.from(data, 'base64').toString();
  return {
    ...(access.caData ? { ca: decode(access.caData) } : {}),
    ...(access.clientCertificateData ? { cert: decode(access.clientCertificateData) } : {}),
    ...(access.clientKeyData ? { key: decode(access.clientKeyData) } : {}),
  };
}

function urlOf(server: string, path: string, query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString();
  return `${server}${path}${text === '' ? '' : `${path.includes('?') ? '&' : '?'}${text}`}`;
}

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function undefinedWhenMissing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof KubeError && error.code === 404) {
      return undefined;
    }
    throw error;
  }
}

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncIterable<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}
