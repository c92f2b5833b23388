/** One list+watch per kind (and namespace, H04): starts and stops with discovery; a broken kind degrades only itself (C17). */
import { type GroupKind, type GroupKindString, groupKindString } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { type Breaker, createBreaker } from '../informer/breaker.js';
import { type Reflector, type ReflectorSink, startReflector } from '../informer/reflector.js';
import type { ApiResource, KubeClient } from '../ports.js';
import { createLimiter } from './limiter.js';

export interface KindWatchesOptions {
  readonly client: KubeClient;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  /** With namespaces: watch cluster-scoped kinds as well. */
  readonly clusterResources: boolean;
  readonly pageSize: number;
  readonly listConcurrency: number;
  readonly sinkOf: (resource: ApiResource, namespace: string | undefined) => ReflectorSink;
  readonly fieldSelectorOf: (resource: ApiResource) => string | undefined;
  readonly onAlive: () => void;
  /** The kind became readable or unreadable. */
  readonly onReadability: (kind: GroupKindString) => void;
  /** The kind is served no more: its nodes go. */
  readonly onStopped: (resource: ApiResource) => void;
  readonly log: Logger;
}

export interface KindWatches {
  /** Starts what is missing, stops what is not among `resources` any more. */
  reconcile(resources: readonly ApiResource[]): void;
  /** Resolves when the kind was listed once or found unreadable; at once when it is not watched. */
  ready(groupKind: GroupKind): Promise<void>;
  allReady(): Promise<void>;
  readonly unreadable: ReadonlyMap<GroupKindString, string>;
  /** Open list+watch loops. */
  readonly count: number;
  stop(): Promise<void>;
}

/** A watch that fails this long leaves data too old to judge by. */
const STALE_MS = 60_000;

interface Running {
  readonly resource: ApiResource;
  readonly reflectors: readonly Reflector[];
  readonly ready: Promise<void>;
}

export function createKindWatches(options: KindWatchesOptions): KindWatches {
  const running = new Map<GroupKindString, Running>();
  const unreadable = new Map<GroupKindString, string>();
  const limitLists = createLimiter(options.listConcurrency);
  const untilReachable = createBreaker(options.client);

  function setReadability(kind: GroupKindString, reason: string | undefined): void {
    if (unreadable.get(kind) === reason) return;
    if (reason === undefined) unreadable.delete(kind);
    else unreadable.set(kind, reason);
    options.onReadability(kind);
  }
  function start(resource: ApiResource): void {
    const kind = groupKindString(resource);
    const scopes = scopesOf(options, resource);
    const progress = trackScopes(scopes.length, (reason) => {
      if (running.get(kind)?.resource === resource) setReadability(kind, reason);
    });
    const ready = progress.settled;
    // Set first: a reflector may report before start returns.
    const reflectors: Reflector[] = [];
    running.set(kind, { resource, reflectors, ready });
    scopes.forEach((namespace, index) => {
      reflectors.push(startScope({ options, resource, limitLists, untilReachable }, namespace, progress.scopes(index)));
    });
  }
  function end(kind: GroupKindString, { resource, reflectors }: Running): Promise<unknown> {
    running.delete(kind);
    const stopped = Promise.all(reflectors.map((reflector) => reflector.stop()));
    setReadability(kind, undefined);
    options.onStopped(resource);
    return stopped;
  }
  return {
    reconcile: (resources) => {
      const wanted = new Map(resources.map((resource) => [groupKindString(resource), resource]));
      for (const [kind, entry] of [...running]) {
        const now = wanted.get(kind);
        if (now === undefined || !isSameEndpoint(now, entry.resource)) void end(kind, entry);
      }
      for (const [kind, resource] of wanted) if (!running.has(kind)) start(resource);
    },
    ready: (groupKind) => running.get(groupKindString(groupKind))?.ready ?? Promise.resolve(),
    allReady: async () => {
      await Promise.all([...running.values()].map(({ ready }) => ready));
    },
    unreadable,
    get count() {
      return [...running.values()].reduce((sum, { reflectors }) => sum + reflectors.length, 0);
    },
    stop: async () => {
      const entries = [...running.values()];
      running.clear();
      await Promise.all(entries.flatMap(({ reflectors }) => reflectors.map((reflector) => reflector.stop())));
    },
  };
}

/** How one scope (namespace, or everything) of a kind does. */
interface ScopeState {
  synced(): void;
  failed(reason: string, listing: boolean): void;
}

function trackScopes(count: number, report: (reason: string | undefined) => void) {
  const reasons = new Map<number, string>();
  const failingSince = new Map<number, number>();
  const open = new Set(Array.from({ length: count }, (_, index) => index));
  let settle: () => void = () => undefined;
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  if (count === 0) settle();

  function close(index: number): void {
    open.delete(index);
    report(reasons.values().next().value);
    if (open.size === 0) settle();
  }
  const scopes = (index: number): ScopeState => ({
    synced: () => {
      reasons.delete(index);
      failingSince.delete(index);
      close(index);
    },
    failed: (reason, listing) => {
      const now = performance.now();
      const since = failingSince.get(index) ?? now;
      failingSince.set(index, since);
      if (!listing && now - since < STALE_MS) return;
      reasons.set(
        index,
        listing ? reason : `its watch has failed for ${Math.round((now - since) / 1_000)} s: ${reason}`,
      );
      close(index);
    },
  });
  return { settled, scopes };
}

interface ScopeContext {
  readonly options: KindWatchesOptions;
  readonly resource: ApiResource;
  readonly limitLists: ReturnType<typeof createLimiter>;
  readonly untilReachable: Breaker;
}

function startScope(context: ScopeContext, namespace: string | undefined, state: ScopeState): Reflector {
  const { options, resource, limitLists, untilReachable } = context;
  let logged: string | undefined;
  return startReflector({
    client: options.client,
    resource,
    namespace,
    fieldSelector: options.fieldSelectorOf(resource),
    pageSize: options.pageSize,
    limitLists,
    untilReachable,
    sink: options.sinkOf(resource, namespace),
    onSynced: () => {
      logged = undefined;
      state.synced();
    },
    onAlive: options.onAlive,
    onFailure: (error, { listing, retryMs }) => {
      const reason = error instanceof Error ? error.message : String(error);
      const fields = { kind: resource.kind, group: resource.group, error: reason, retryMs: Math.round(retryMs) };
      // The same reason again is not news.
      options.log[logged === reason ? 'debug' : 'warn'](
        listing ? 'kind cannot be listed' : 'watch failed, retrying',
        fields,
      );
      logged = reason;
      state.failed(reason, listing);
    },
  });
}

function scopesOf(options: KindWatchesOptions, resource: ApiResource): readonly (string | undefined)[] {
  if (options.namespaces.length === 0) return [undefined];
  if (resource.namespaced) return options.namespaces;
  return options.clusterResources ? [undefined] : [];
}

function isSameEndpoint(a: ApiResource, b: ApiResource): boolean {
  return a.version === b.version && a.resource === b.resource && a.namespaced === b.namespaced;
}
