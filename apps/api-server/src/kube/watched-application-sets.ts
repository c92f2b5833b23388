/** ApplicationSets of the control-plane namespace, watched and kept in memory as the text of answers (N06). */
import { createInformer, type Informer, type KubeClient, RESOURCES } from '@tiphys/cluster';
import type { ApplicationSet, KubernetesObject } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import { toJson } from '../http/json.js';

export interface ApplicationSetEntry {
  readonly applicationSet: ApplicationSet;
  /** The text of answers. */
  readonly json: string;
  /** 0 when it is not a decimal number. */
  readonly resourceVersion: bigint;
}

export interface ApplicationSetEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly entry: ApplicationSetEntry;
  /** What was known before; for DELETED the entry itself. */
  readonly previous: ApplicationSetEntry | undefined;
}

export interface ApplicationSetStore {
  get(namespace: string, name: string): ApplicationSetEntry | undefined;
  /** Sorted by name, then namespace. */
  list(): readonly ApplicationSetEntry[];
  /** The newest that was seen. */
  readonly resourceVersion: bigint;
  /** Called synchronously for every change; returns how to stop. */
  subscribe(listener: (event: ApplicationSetEvent) => void): () => void;
  /** After our own write: the next read sees it before the watch does. */
  observe(object: KubernetesObject): void;
}

export interface WatchedApplicationSets extends ApplicationSetStore, Pick<Informer<unknown>, 'start' | 'stop'> {}

export interface WatchedApplicationSetsOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly log: Logger;
}

/** Nothing is watched before `start`, which resolves after the first list. */
export function watchApplicationSets(options: WatchedApplicationSetsOptions): WatchedApplicationSets {
  const listeners = new Set<(event: ApplicationSetEvent) => void>();
  let newest = 0n;
  const informer = createInformer<ApplicationSetEntry>({
    ...{ ...options, resource: RESOURCES.applicationSets, transform: applicationSetEntry },
    onChange: (_, current, previous) => {
      if (current !== undefined && current.resourceVersion > newest) newest = current.resourceVersion;
      const event = eventOf(current, previous);
      if (event === undefined) return;
      for (const listener of listeners) listener(event);
    },
  });
  const { start, stop, get, observe } = informer;
  return {
    ...{ start, stop, get, observe },
    list: () => [...informer.list()].sort(byName),
    get resourceVersion() {
      return newest;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function eventOf(
  current: ApplicationSetEntry | undefined,
  previous: ApplicationSetEntry | undefined,
): ApplicationSetEvent | undefined {
  if (current !== undefined) return { type: previous === undefined ? 'ADDED' : 'MODIFIED', entry: current, previous };
  return previous === undefined ? undefined : { type: 'DELETED', entry: previous, previous };
}

/** What is kept of an ApplicationSet: its fields without managedFields, and the text of answers. */
function applicationSetEntry(object: KubernetesObject): ApplicationSetEntry {
  const { managedFields: _, ...metadata } = object.metadata;
  const applicationSet = { ...object, metadata } as unknown as ApplicationSet;
  const { resourceVersion = '' } = metadata;
  return {
    applicationSet,
    json: applicationSetJson(applicationSet),
    resourceVersion: /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n,
  };
}

/** The JSON text of an ApplicationSet in answers. */
export function applicationSetJson(applicationSet: ApplicationSet): string {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = applicationSet;
  const { managedFields: _fields, ...shown } = metadata;
  return toJson({ metadata: shown, ...rest });
}

function byName({ applicationSet: a }: ApplicationSetEntry, { applicationSet: b }: ApplicationSetEntry): number {
  return (
    compareTexts(a.metadata.name ?? '', b.metadata.name ?? '') ||
    compareTexts(a.metadata.namespace ?? '', b.metadata.namespace ?? '')
  );
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
