/** All applications in memory, each with its JSON text ready: lists and streams only join texts. Fed by a watch. */
import { type AppKey, type Application, appKey, type KubernetesObject } from '@tiphys/model';
import { toJson } from '../http/json.js';

export interface ApplicationEntry {
  readonly key: AppKey;
  readonly application: Application;
  /** The application as answers show it: without apiVersion, kind and managedFields. */
  readonly json: string;
  readonly resourceVersion: bigint;
}

export interface ApplicationEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly entry: ApplicationEntry;
  readonly previous: ApplicationEntry | undefined;
}

export interface ApplicationStore {
  /** Fed by the watch: the newest state of an application, or that it is gone. */
  put(entry: ApplicationEntry): void;
  remove(key: AppKey): void;
  get(key: AppKey): ApplicationEntry | undefined;
  /** In no order. */
  all(): Iterable<ApplicationEntry>;
  /** Sorted by name, then namespace. */
  list(): readonly ApplicationEntry[];
  /** Changes with every change of any application. */
  readonly version: number;
  readonly size: number;
  /** What changed after a version; undefined when that is no longer known, or never was. */
  changesSince(version: number): ReadonlySet<AppKey> | undefined;
  /** Newest resourceVersion seen. */
  readonly resourceVersion: bigint;
  /** Called synchronously for every change; returns how to stop. */
  subscribe(listener: (event: ApplicationEvent) => void): () => void;
}

/** Who has not read for so many changes reads everything again. */
const REMEMBERED_CHANGES = 10_000;

export function createApplicationStore(): ApplicationStore {
  const entries = new Map<AppKey, ApplicationEntry>();
  const listeners = new Set<(event: ApplicationEvent) => void>();
  let sorted: readonly ApplicationEntry[] | undefined;
  let version = 0;
  let newest = 0n;
  /** The keys that changed, one for each version up to the newest. */
  let changes: AppKey[] = [];

  const changed = (event: ApplicationEvent): void => {
    version += 1;
    changes.push(event.entry.key);
    if (changes.length > 2 * REMEMBERED_CHANGES) changes = changes.slice(-REMEMBERED_CHANGES);
    sorted = undefined;
    for (const listener of listeners) listener(event);
  };
  return {
    put: (entry) => {
      const previous = entries.get(entry.key);
      if (entry.resourceVersion > newest) newest = entry.resourceVersion;
      entries.set(entry.key, entry);
      changed({ type: previous === undefined ? 'ADDED' : 'MODIFIED', entry, previous });
    },
    remove: (key) => {
      const previous = entries.get(key);
      if (!entries.delete(key) || previous === undefined) return;
      changed({ type: 'DELETED', entry: previous, previous });
    },
    get: (key) => entries.get(key),
    all: () => entries.values(),
    list: () => {
      sorted ??= [...entries.values()].sort(byName);
      return sorted;
    },
    get version() {
      return version;
    },
    get size() {
      return entries.size;
    },
    changesSince: (known) => {
      const first = version - changes.length;
      return known < first ? undefined : new Set(changes.slice(known - first));
    },
    get resourceVersion() {
      return newest;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What is kept of an application: its fields without managedFields, and the text of answers. */
export function applicationEntry(object: KubernetesObject): ApplicationEntry {
  const { managedFields: _, ...metadata } = object.metadata;
  const application = { ...object, metadata } as unknown as Application;
  const { name = '', namespace = '', resourceVersion = '' } = metadata;
  return {
    key: appKey(namespace, name),
    application,
    json: applicationJson(application),
    resourceVersion: /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n,
  };
}

/** The JSON text of an application in answers. */
export function applicationJson(application: Application): string {
  const { apiVersion: _version, kind: _kind, metadata, spec, ...rest } = application;
  const { managedFields: _fields, ...shown } = metadata;
  return toJson({ metadata: shown, spec, ...rest });
}

function byName(a: ApplicationEntry, b: ApplicationEntry): number {
  const [left, right] = [a.application.metadata, b.application.metadata];
  return compareTexts(left.name ?? '', right.name ?? '') || compareTexts(left.namespace ?? '', right.namespace ?? '');
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
