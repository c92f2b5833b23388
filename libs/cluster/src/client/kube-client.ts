/** The thin REST client: objects pass through untouched (no typed models, so no field is ever dropped). */
import { GitOpsError, type KubernetesObject } from '@tiphys/model';
import type {
  ApiResource,
  ClusterConnection,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ListPage,
  PatchTarget,
  PatchType,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../ports.js';
import { parseJson, stringifyJson } from './json.js';
import type { ClientObserver, RequestReport } from './observer.js';
import { apiVersionOf, queryString, resourcePath } from './paths.js';
import { createTransport, type HttpRequest, type Transport } from './transport.js';
import { watchEvents } from './watch-stream.js';

export interface KubeClientOptions {
  /** Requests in flight at most; default 24. Watches are not counted. */
  readonly concurrency?: number;
  /** Per request, to the first byte and between bytes; default 60,000. */
  readonly timeoutMs?: number;
  /** A watch without any byte (bookmarks come each minute) for this long is taken for dead; default 150,000. */
  readonly watchIdleMs?: number;
  /** Told of every answered or failed request. */
  readonly onRequest?: (report: RequestReport) => void;
  /** For metrics of all clients of a process: createKubectlMetrics. */
  readonly observer?: ClientObserver | undefined;
}

const PATCH_CONTENT_TYPES: Readonly<Record<PatchType, string>> = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

/** Connects lazily: the first request opens the first connection. */
export function createKubeClient(connection: ClusterConnection, options: KubeClientOptions = {}): KubeClient {
  const transport = createTransport({
    connection,
    concurrency: options.concurrency ?? 24,
    timeoutMs: options.timeoutMs ?? 60_000,
    onRequest: options.onRequest,
    observer: options.observer,
  });
  options.observer?.transport('opened');
  return clientOf({ connection, transport: counted(transport, options), options });
}

function counted(transport: Transport, { observer }: KubeClientOptions): Transport {
  let open = true;
  return {
    ...transport,
    close: async () => {
      if (open) observer?.transport('closed');
      open = false;
      await transport.close();
    },
  };
}

interface ClientParts {
  readonly connection: ClusterConnection;
  readonly transport: Transport;
  readonly options: KubeClientOptions;
}

function clientOf({ connection, transport, options }: ClientParts): KubeClient {
  const send = <T>(request: HttpRequest): Promise<T> => sendJson<T>(transport, request);
  return {
    server: connection.server,
    get: (resource, key, signal) => getObject(transport, { resource, key, signal }),
    list: (resource, listOptions) => listObjects(transport, resource, listOptions),
    watch: (resource, watchOptions) =>
      watchObjects(transport, { resource, options: watchOptions, idleMs: options.watchIdleMs ?? 150_000 }),
    create: (resource, object, write) => send(createRequest(resource, object, write)),
    replace: (resource, object, write) => send(replaceRequest(resource, object, write)),
    patch: (target, body, write) => send(patchRequest(target, body, write)),
    delete: async (resource, key, deleteOptions) => {
      await send(deleteRequest(resource, key, deleteOptions));
    },
    request: async (method, path, { body, contentType, accept, signal }) => {
      const idempotent = method === 'GET' || method === 'PUT' || method === 'DELETE';
      const text = body === undefined ? undefined : stringifyJson(body);
      return send({ method: methodOf(method), path, body: text, contentType, accept, idempotent, signal });
    },
    stream: (path, stream) => transport.stream(path, stream),
    as: (user) => {
      options.observer?.transport('reused');
      return clientOf({ connection, transport: impersonating(transport, user), options });
    },
    connect: (path, socket) => transport.connect(path, socket),
    close: () => transport.close(),
  };
}

/** The connections are those of the client it is made of, and close with it. */
function impersonating(transport: Transport, impersonate: string): Transport {
  return {
    send: (request) => transport.send({ ...request, impersonate }),
    stream: transport.stream,
    connect: (path, socket) => transport.connect(path, { ...socket, impersonate }),
    close: async () => undefined,
  };
}

async function sendJson<T>(transport: Transport, request: HttpRequest): Promise<T> {
  const text = await transport.send(request);
  const first = text.charCodeAt(0);
  // A few paths (`/healthz`, pod logs) answer with plain text.
  return (first === 0x7b || first === 0x5b ? parseJson(text) : text) as T;
}

interface GetTarget {
  readonly resource: ApiResource;
  readonly key: { readonly namespace: string; readonly name: string };
  readonly signal: AbortSignal;
}

async function getObject(transport: Transport, target: GetTarget): Promise<KubernetesObject | undefined> {
  const path = resourcePath(target.resource, target.key);
  try {
    return await sendJson<KubernetesObject>(transport, {
      method: 'GET',
      path,
      idempotent: true,
      signal: target.signal,
    });
  } catch (error) {
    if (error instanceof GitOpsError && error.code === 'NotFound') return undefined;
    throw error;
  }
}

async function listObjects(transport: Transport, resource: ApiResource, options: ListOptions): Promise<ListPage> {
  const query = queryString({
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    limit: options.limit,
    continue: options.continueToken,
    resourceVersion: options.continueToken === undefined ? options.resourceVersion : undefined,
  });
  const path = resourcePath(resource, { namespace: options.namespace }) + query;
  const list = await sendJson<RawList>(transport, { method: 'GET', path, idempotent: true, signal: options.signal });
  const apiVersion = apiVersionOf(resource);
  // Items of a list of built-in kinds carry neither apiVersion nor kind.
  for (const item of list.items ?? []) {
    item.apiVersion ??= apiVersion;
    item.kind ??= resource.kind;
  }
  return {
    items: (list.items ?? []) as unknown as readonly KubernetesObject[],
    resourceVersion: list.metadata?.resourceVersion ?? '',
    continueToken: list.metadata?.continue || undefined,
  };
}

interface RawList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: { apiVersion?: string; kind?: string }[] | null;
}

interface WatchTarget {
  readonly resource: ApiResource;
  readonly options: WatchOptions;
  readonly idleMs: number;
}

/** Ends normally when the server ends the watch, with an Upstream error when it breaks or falls silent. */
async function* watchObjects(transport: Transport, target: WatchTarget): AsyncGenerator<WatchEvent> {
  const { resource, options, idleMs } = target;
  const query = queryString({
    watch: 1,
    allowWatchBookmarks: true,
    resourceVersion: options.resourceVersion,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
    // As client-go: the server ends the watch after 5 to 10 minutes, so that connections spread over API servers.
    timeoutSeconds: Math.round(300 * (1 + Math.random())),
  });
  const path = resourcePath(resource, { namespace: options.namespace }) + query;
  const connection = new AbortController();
  const stop = (): void => connection.abort(options.signal.reason);
  options.signal.addEventListener('abort', stop, { once: true });
  const silence = setTimeout(() => {
    connection.abort(
      new GitOpsError('Upstream', `the watch of ${path} was silent for ${idleMs} ms; it is opened again`),
    );
  }, idleMs);
  try {
    options.signal.throwIfAborted();
    const body = await transport.stream(path, { signal: connection.signal });
    options.onOpen?.();
    yield* watchEvents(body, () => silence.refresh());
  } catch (error) {
    if (connection.signal.aborted) throw connection.signal.reason;
    throw error instanceof GitOpsError
      ? error
      : new GitOpsError('Upstream', `the watch of ${path} broke: ${String(error)}; it is opened again`, {
          cause: error,
        });
  } finally {
    clearTimeout(silence);
    options.signal.removeEventListener('abort', stop);
    connection.abort();
  }
}

function createRequest(resource: ApiResource, object: KubernetesObject, options: WriteOptions): HttpRequest {
  const path = resourcePath(resource, { namespace: object.metadata.namespace }) + writeQuery(options);
  return { method: 'POST', path, body: stringifyJson(object), idempotent: false, signal: options.signal };
}

function replaceRequest(resource: ApiResource, object: KubernetesObject, options: WriteOptions): HttpRequest {
  const { namespace, name = '' } = object.metadata;
  const path = resourcePath(resource, { namespace, name }) + writeQuery(options);
  return { method: 'PUT', path, body: stringifyJson(object), idempotent: true, signal: options.signal };
}

function patchRequest(target: PatchTarget, body: unknown, options: WriteOptions): HttpRequest {
  const force = target.type === 'apply' ? options.force : undefined;
  return {
    method: 'PATCH',
    path: resourcePath(target.resource, target) + writeQuery({ ...options, force: force ?? false }),
    body: stringifyJson(body),
    contentType: PATCH_CONTENT_TYPES[target.type],
    // A JSON patch may append to a list; the other types set values.
    idempotent: target.type !== 'json',
    signal: options.signal,
  };
}

function deleteRequest(
  resource: ApiResource,
  key: { readonly namespace: string; readonly name: string },
  { signal, dryRun, ...options }: DeleteOptions,
): HttpRequest {
  const body = stringifyJson({
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...options,
    ...(dryRun === true ? { dryRun: ['All'] } : {}),
  });
  return { method: 'DELETE', path: resourcePath(resource, key), body, idempotent: true, signal };
}

function writeQuery({ fieldManager, force, dryRun, fieldValidation }: Partial<WriteOptions>): string {
  return queryString({ fieldManager, force, dryRun: dryRun === true ? 'All' : undefined, fieldValidation });
}

function methodOf(method: string): HttpRequest['method'] {
  switch (method) {
    case 'GET':
    case 'POST':
    case 'PUT':
    case 'PATCH':
    case 'DELETE':
      return method;
    default:
      throw new GitOpsError('Internal', `the HTTP method ${method} is not used with API servers`);
  }
}
