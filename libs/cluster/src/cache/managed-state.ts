/** Full live objects of one instance: what it tracks, plus the wanted keys, fetched once where only compact nodes are held. */
import {
  type GroupKindString,
  groupKindString,
  isGitOpsError,
  type KubernetesObject,
  type ResourceKey,
  type ResourceKeyString,
  resourceKeyString,
} from '@tiphys/model';
import type { Discovery, KubeClient } from '../ports.js';
import type { KindWatches } from './kind-watches.js';
import type { Nodes } from './nodes.js';

interface Context<S> {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly nodes: Nodes<S>;
  readonly watches: KindWatches;
  /** Wanted kinds of groups whose discovery fails: unreadable as well. Filled here. */
  readonly failedGroups: Map<GroupKindString, string>;
}

interface Request {
  readonly instance: string;
  readonly wanted: readonly ResourceKey[];
  readonly signal: AbortSignal;
}

/** Waits for the first list of a wanted kind that has just appeared. Unreadable kinds contribute nothing: see `unreadable()`. */
export async function readManagedState<S>(
  context: Context<S>,
  { instance, wanted, signal }: Request,
): Promise<ReadonlyMap<ResourceKeyString, KubernetesObject>> {
  const { nodes, watches } = context;
  nodes.pin(instance, wanted);
  const kinds = new Map(wanted.map((key) => [groupKindString(key), key]));
  for (const kind of kinds.values()) await ensureKind(context, kind, signal);
  await Promise.all([...kinds.values()].map((kind) => watches.ready(kind)));
  signal.throwIfAborted();
  await Promise.all(wanted.map((key) => fetchCompact(context, key, signal)));

  const state = new Map<ResourceKeyString, KubernetesObject>();
  for (const { key, object } of nodes.store.trackedBy(instance)) if (object) state.set(resourceKeyString(key), object);
  for (const key of wanted) {
    const object = nodes.store.get(resourceKeyString(key))?.object;
    if (object !== undefined) state.set(resourceKeyString(key), object);
  }
  return state;
}

async function ensureKind<S>(context: Context<S>, kind: ResourceKey, signal: AbortSignal): Promise<void> {
  const { discovery, failedGroups } = context;
  if (discovery.resolve(kind) !== undefined) return;
  try {
    // A refresh that finds the kind starts its watch through discovery.onChange.
    await discovery.ensure(kind, signal);
  } catch (error) {
    if (signal.aborted || !isGitOpsError(error) || !discovery.failed.has(kind.group)) throw error;
    failedGroups.set(groupKindString(kind), error.message);
  }
}

async function fetchCompact<S>(
  { client, discovery, nodes, watches }: Context<S>,
  key: ResourceKey,
  signal: AbortSignal,
) {
  const node = nodes.store.get(resourceKeyString(key));
  const resource = discovery.resolve(key);
  if (node === undefined || node.object !== undefined || resource === undefined) return;
  if (watches.unreadable.has(groupKindString(key))) return;
  const object = await client.get(resource, key, signal);
  if (object !== undefined) nodes.observe(resource, object);
}
