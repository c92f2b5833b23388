/**
 * The list+watch loop of one kind, under the informers and the cluster cache: paged list, resume from the last
 * resourceVersion, 410 → list again and tell the sink what is gone, silent watches are cut, jittered back-off (R4, R5).
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject } from '@tiphys/model';
import { isExpired } from '../client/errors.js';
import type { ApiResource, KubeClient } from '../ports.js';

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
  /** Longest pause between attempts; default 30,000. */
  readonly maxBackoffMs?: number | undefined;
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

interface Position {
  /** Undefined: a list is due. */
  resourceVersion: string | undefined;
  failures: number;
}

async function runReflector(options: ReflectorOptions, signal: AbortSignal): Promise<void> {
  const position: Position = { resourceVersion: undefined, failures: 0 };
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
    position.failures = 0;
    options.onSynced?.();
  }
  const startedAt = performance.now();
  await watchOnce(options, position, signal);
  // A server that ends each watch at once must not make us spin.
  if (performance.now() - startedAt < 1_000)
    await delay(1_000 * (0.5 + Math.random()), undefined, { signal, ref: false });
}

async function recover(
  { options, position, signal }: { options: ReflectorOptions; position: Position; signal: AbortSignal },
  error: unknown,
): Promise<void> {
  if (isExpired(error)) position.resourceVersion = undefined;
  const listing = position.resourceVersion === undefined;
  const exponential = Math.min(options.maxBackoffMs ?? 30_000, 100 * 2 ** Math.min(position.failures, 20));
  const retryMs = exponential * (0.5 + Math.random());
  position.failures += 1;
  options.onFailure?.(error, { listing, retryMs });
  await delay(retryMs, undefined, { signal, ref: false }).catch(() => undefined);
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
  const from = position.resourceVersion ?? '';
  const events = options.client.watch(options.resource, { ...scopeOf(options), resourceVersion: from, signal });
  for await (const event of events) {
    if (event.type === 'ERROR') return endWatch(event, position);
    if (event.type === 'BOOKMARK') position.resourceVersion = event.resourceVersion;
    else {
      if (event.type === 'DELETED') options.sink.remove(event.object);
      else options.sink.upsert(event.object);
      position.resourceVersion = event.object.metadata.resourceVersion ?? position.resourceVersion;
    }
    if (position.failures > 0) options.onSynced?.();
    position.failures = 0;
    options.onAlive?.();
  }
}

/** 410 and anything else that is not a passing failure of the server: the position is worthless. */
function endWatch({ code, message }: { readonly code: number; readonly message: string }, position: Position): void {
  if (code !== 429 && code !== 503 && code !== 504) position.resourceVersion = undefined;
  if (code !== 410) throw new Error(`the watch ended with ${code}: ${message}`);
}

function scopeOf({ namespace, labelSelector, fieldSelector }: ReflectorOptions) {
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}
