/**
 * The list+watch loop of one kind, under the informers and the cluster cache: paged list, resume from the last
 * resourceVersion, 410 → list again and tell the sink what is gone, silent watches are cut, jittered back-off (R4, R5).
 */
import { setTimeout as delay } from 'node:timers/promises';
import { GitOpsError, isGitOpsError, type KubernetesObject } from '@tiphys/model';
import { isExpired, KubeStatusError } from '../client/errors.js';
import type { ApiResource, KubeClient } from '../ports.js';
import type { Breaker } from './breaker.js';

/** Where a reflector puts what it sees. */
export interface ReflectorSink {
  upsert(object: KubernetesObject): void;
  remove(object: KubernetesObject): void;
  /** A whole list was read: everything of the scope that is not among `seen` (`namespace/name`) is gone. */
  retain(seen: ReadonlySet<string>, listResourceVersion: string): void;
}

export interface ReflectorOptions {
  readonly client: KubeClient;
  readonly resource: ApiResource;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects per page; default 500 (L10). */
  readonly pageSize?: number | undefined;
  /** Bounds lists that run at once over several reflectors. */
  readonly limitLists?: (<T>(work: () => Promise<T>) => Promise<T>) | undefined;
  readonly sink: ReflectorSink;
  /** Back to normal after a failure, or the first list is complete. */
  readonly onSynced?: (() => void) | undefined;
  /** A list or watch failed and is retried after `retryMs`. `listing`: the sink is incomplete or old until `onSynced`. */
  readonly onFailure?:
    | ((error: unknown, failure: { readonly listing: boolean; readonly retryMs: number }) => void)
    | undefined;
  /** Any event or bookmark: for the age metric. */
  readonly onAlive?: (() => void) | undefined;
  /** Before a retry: waits while the whole server does not answer, so that not every reflector asks it (R17). */
  readonly untilReachable?: Breaker | undefined;
}

export interface Reflector {
  /** Ends the loop; resolves when it has ended. */
  stop(): Promise<void>;
}

export function startReflector(options: ReflectorOptions): Reflector {
  const controller = new AbortController();
  const loop = runReflector(options, controller.signal);
  return {
    stop: async () => {
      controller.abort();
      await loop;
    },
  };
}

/** Key in {@link ReflectorSink.retain}. */
export function scopedName({ metadata }: Pick<KubernetesObject, 'metadata'>): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

const BACKOFF = { firstMs: 100, longestMs: 30_000 };
/** Rights change rarely: asking often would only be noise in the audit log. */
const DENIED_BACKOFF = { firstMs: 5_000, longestMs: 300_000 };

function isDenied(error: unknown): boolean {
  return isGitOpsError(error) && error.code === 'PermissionDenied';
}

interface Position {
  /** Undefined: a list is due. */
  resourceVersion: string | undefined;
  /** Since the last watch that lasted. */
  failures: number;
  /** When the server accepted the running watch. */
  openedAt: number | undefined;
}

async function runReflector(options: ReflectorOptions, signal: AbortSignal): Promise<void> {
  const position: Position = { resourceVersion: undefined, failures: 0, openedAt: undefined };
  while (!signal.aborted) {
    try {
      await turn(options, position, signal);
    } catch (error) {
      if (signal.aborted) return;
      await recover({ options, position, signal }, error);
    }
  }
}

async function turn(options: ReflectorOptions, position: Position, signal: AbortSignal): Promise<void> {
  if (position.resourceVersion === undefined) {
    position.resourceVersion = await relist(options, signal);
    options.onSynced?.();
  }
  position.openedAt = undefined;
  const isLong = (): boolean => position.openedAt !== undefined && performance.now() - position.openedAt > 1_000;
  try {
    await watchOnce(options, position, signal);
  } finally {
    // Not reset by a list: a server that lists but ends each watch at once would be listed without a pause.
    if (isLong()) position.failures = 0;
  }
  // Nor must it be watched without a pause.
  if (!isLong()) await delay(1_000 * (0.5 + Math.random()), undefined, { signal });
}

async function recover(
  { options, position, signal }: { options: ReflectorOptions; position: Position; signal: AbortSignal },
  error: unknown,
): Promise<void> {
  if (isExpired(error)) position.resourceVersion = undefined;
  const listing = position.resourceVersion === undefined;
  const { firstMs, longestMs } = isDenied(error) ? DENIED_BACKOFF : BACKOFF;
  const retryMs = Math.min(longestMs, firstMs * 2 ** Math.min(position.failures, 20)) * (0.5 + Math.random());
  position.failures += 1;
  options.onFailure?.(error, { listing, retryMs });
  await delay(retryMs, undefined, { signal }).catch(() => undefined);
  await options.untilReachable?.(error, signal, (probeError) => options.onFailure?.(probeError, { listing, retryMs }));
}

async function relist(options: ReflectorOptions, signal: AbortSignal): Promise<string> {
  const run = options.limitLists ?? (<T>(work: () => Promise<T>) => work());
  return run(async () => {
    try {
      return await listPages(options, signal, options.pageSize ?? 500);
    } catch (error) {
      // The continue token expired (R5): one list without pages, so that the sink never keeps half of one.
      if (!isExpired(error)) throw error;
      return listPages(options, signal, undefined);
    }
  });
}

async function listPages(options: ReflectorOptions, signal: AbortSignal, limit: number | undefined): Promise<string> {
  const seen = new Set<string>();
  const scope = scopeOf(options);
  let continueToken: string | undefined;
  let resourceVersion = '';
  do {
    const page = await options.client.list(options.resource, {
      ...scope,
      ...(limit === undefined ? {} : { limit }),
      ...(continueToken === undefined ? {} : { continueToken }),
      signal,
    });
    for (const object of page.items) {
      seen.add(scopedName(object));
      options.sink.upsert(object);
    }
    ({ continueToken, resourceVersion } = page);
  } while (continueToken !== undefined);
  options.sink.retain(seen, resourceVersion);
  return resourceVersion;
}

async function watchOnce(options: ReflectorOptions, position: Position, signal: AbortSignal): Promise<void> {
  const resourceVersion = position.resourceVersion ?? '';
  const onOpen = (): void => {
    position.openedAt = performance.now();
    if (position.failures > 0) options.onSynced?.();
  };
  const events = options.client.watch(options.resource, { ...scopeOf(options), resourceVersion, onOpen, signal });
  for await (const event of events) {
    if (event.type === 'ERROR') throw endOfWatch(event, position);
    if (event.type === 'BOOKMARK') position.resourceVersion = event.resourceVersion;
    else {
      if (event.type === 'DELETED') options.sink.remove(event.object);
      else options.sink.upsert(event.object);
      position.resourceVersion = event.object.metadata.resourceVersion ?? position.resourceVersion;
    }
    position.failures = 0;
    options.onAlive?.();
  }
}

/** After 410 and anything else that is not a passing failure of the server the position is worthless. */
function endOfWatch(
  { code, message }: { readonly code: number; readonly message: string },
  position: Position,
): GitOpsError {
  if (code !== 429 && code !== 503 && code !== 504) position.resourceVersion = undefined;
  const cause = new KubeStatusError({ code, reason: '', message, causes: [] });
  return new GitOpsError('Upstream', `the watch ended with ${code}: ${message}; it is opened again`, { cause });
}

function scopeOf({ namespace, labelSelector, fieldSelector }: ReflectorOptions) {
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}
