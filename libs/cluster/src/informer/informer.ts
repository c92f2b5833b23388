/** A watched, in-memory copy of one kind: Applications, AppProjects, Secrets, ConfigMaps. Reads never touch the API server. */
import type { KubernetesObject } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import type { ApiResource, KubeClient } from '../ports.js';
import { createOwnWrites } from './own-writes.js';
import { type Reflector, type ReflectorSink, scopedName, startReflector } from './reflector.js';
import { compareResourceVersions } from './resource-version.js';

export type InformerEvent = 'added' | 'updated' | 'deleted';

export interface InformerOptions<T> {
  readonly client: KubeClient;
  readonly resource: ApiResource;
  /** Undefined: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Objects that are not accepted do not exist for it, e.g. those of other namespaces; asked with every change of the object. */
  readonly accepts?: (object: KubernetesObject) => boolean;
  /** Parses (and may shrink) what is kept; must not throw. Default: the object itself. */
  readonly transform?: (object: KubernetesObject) => T;
  /** `deleted`: `current` is undefined. Called in order, also for the initial list. */
  readonly onChange?: (type: InformerEvent, current: T | undefined, previous: T | undefined) => void;
  readonly log: Logger;
}

export interface Informer<T> {
  /** Resolves after the initial list; retries it with back-off until the signal ends it (then rejects). After that only stop() ends it. */
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  /** `namespace` is empty for cluster-scoped kinds. */
  get(namespace: string, name: string): T | undefined;
  list(): readonly T[];
  /** After our own write: the next read sees the answer before the watch does. Older versions are ignored. */
  observe(object: KubernetesObject): void;
  /** False before the initial list and while a list fails. */
  readonly synced: boolean;
  readonly lastError: unknown;
}

export function createInformer<T = KubernetesObject>(options: InformerOptions<T>): Informer<T> {
  const store = createStore(options);
  let synced = false;
  let lastError: unknown;
  let reflector: Reflector | undefined;
  const { client, resource, namespace, labelSelector, fieldSelector, log } = options;

  return {
    start: (signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const abandon = (): void => {
          void reflector?.stop();
          reject(asError(signal.reason));
        };
        signal.addEventListener('abort', abandon, { once: true });
        reflector = startReflector({
          ...{ client, resource, namespace, labelSelector, fieldSelector, sink: store.sink },
          onSynced: () => {
            synced = true;
            lastError = undefined;
            signal.removeEventListener('abort', abandon);
            resolve();
          },
          onFailure: (error, { listing, retryMs }) => {
            if (listing) synced = false;
            lastError = error;
            log.warn('watch failed, retrying', {
              kind: resource.kind,
              error: String(error),
              retryMs: Math.round(retryMs),
            });
          },
        });
      }),
    stop: async () => {
      await reflector?.stop();
      synced = false;
    },
    get: (itemNamespace, name) => store.entries.get(`${itemNamespace}/${name}`)?.value,
    list: () => [...store.entries.values()].map(({ value }) => value),
    observe: (object) => store.observe(object),
    get synced() {
      return synced;
    },
    get lastError() {
      return lastError;
    },
  };
}

interface Entry<T> {
  readonly resourceVersion: string;
  readonly value: T;
}

interface Store<T> {
  readonly entries: ReadonlyMap<string, Entry<T>>;
  readonly sink: ReflectorSink;
  observe(object: KubernetesObject): void;
}

function createStore<T>({ transform, onChange, accepts = () => true }: InformerOptions<T>): Store<T> {
  const entries = new Map<string, Entry<T>>();
  const ownWrites = createOwnWrites();
  const toValue = transform ?? ((object: KubernetesObject) => object as unknown as T);

  function put(key: string, object: KubernetesObject): void {
    const resourceVersion = object.metadata.resourceVersion ?? '';
    const previous = entries.get(key);
    if (previous?.resourceVersion === resourceVersion && resourceVersion !== '') return;
    const value = toValue(object);
    entries.set(key, { resourceVersion, value });
    onChange?.(previous === undefined ? 'added' : 'updated', value, previous?.value);
  }
  function drop(key: string, resourceVersion: string): void {
    const previous = entries.get(key);
    if (previous === undefined || ownWrites.isStale(key, resourceVersion)) return;
    entries.delete(key);
    onChange?.('deleted', undefined, previous.value);
  }
  return {
    entries,
    sink: {
      upsert: (object) => {
        const key = scopedName(object);
        if (!accepts(object)) return drop(key, object.metadata.resourceVersion ?? '');
        if (!ownWrites.isStale(key, object.metadata.resourceVersion ?? '')) put(key, object);
      },
      remove: (object) => drop(scopedName(object), object.metadata.resourceVersion ?? ''),
      retain: (seen, listVersion) => {
        for (const key of [...entries.keys()]) if (!seen.has(key)) drop(key, listVersion);
      },
    },
    observe: (object) => {
      if (!accepts(object)) return;
      const key = scopedName(object);
      const version = object.metadata.resourceVersion ?? '';
      const known = entries.get(key);
      if (known !== undefined && compareResourceVersions(version, known.resourceVersion) <= 0) return;
      ownWrites.note(key, version);
      put(key, object);
    },
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
