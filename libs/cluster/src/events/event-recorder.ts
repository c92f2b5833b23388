/** Kubernetes Events as an audit trail: same shape as Argo CD's; repeated ones are counted up, floods are dropped, callers never fail. */
import { isGitOpsError, type KubernetesObject, kubernetesTime, redact } from '@tiphys/model';
import type { Logger } from '@tiphys/runtime';
import type { KubeClient } from '../ports.js';
import { RESOURCES } from '../resources.js';

export interface EventEntry {
  readonly involvedObject: Pick<KubernetesObject, 'apiVersion' | 'kind' | 'metadata'>;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, for example `OperationStarted`, `OperationCompleted`, `ResourceUpdated`. */
  readonly reason: string;
  /** Cut at 1,024 bytes, the server's limit. */
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface EventRecorder {
  /** Returns at once; the write happens in the background, in order per object. */
  record(entry: EventEntry): void;
  /** Resolves when all recorded events were written or dropped; before a shutdown. */
  flush(): Promise<void>;
}

export interface EventRecorderOptions {
  readonly client: KubeClient;
  /** `source.component`, for example `application-controller`. */
  readonly component: string;
  readonly log: Logger;
  /** Events of one object that may be written in a burst, then one per 30 s; default 25. */
  readonly burst?: number;
}

const REFILL_MS = 30_000;
/** The same event again within this time counts up the old one. */
const REPEAT_MS = 600_000;
const MESSAGE_BYTES = 1_024;
const WRITE_TIMEOUT_MS = 15_000;
/** Objects whose recent events are remembered; the oldest leave first. */
const MAX_OBJECTS = 5_000;

interface Written {
  readonly name: string;
  readonly count: number;
  readonly at: number;
}

interface ObjectState {
  tokens: number;
  refilledAt: number;
  tail: Promise<void>;
  readonly written: Map<string, Written>;
}

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { log } = options;
  const objects = new Map<string, ObjectState>();
  const pending = new Set<Promise<void>>();
  const burst = options.burst ?? 25;

  function stateOf(entry: EventEntry): ObjectState {
    const { uid = '', namespace = '', name = '' } = entry.involvedObject.metadata;
    const id = uid || `${entry.involvedObject.kind}/${namespace}/${name}`;
    const known = objects.get(id);
    const state = known ?? {
      tokens: burst,
      refilledAt: performance.now(),
      tail: Promise.resolve(),
      written: new Map(),
    };
    // Most recently used last.
    objects.delete(id);
    objects.set(id, state);
    const oldest = objects.size > MAX_OBJECTS ? objects.keys().next().value : undefined;
    if (oldest !== undefined) objects.delete(oldest);
    return state;
  }
  return {
    record: (entry) => {
      const state = stateOf(entry);
      if (!takeToken(state, burst)) {
        log.debug('event dropped: too many for one object', { reason: entry.reason });
        return;
      }
      const work = state.tail
        .then(() => write(options, state, entry))
        .catch((error: unknown) =>
          log.warn('event could not be written', { reason: entry.reason, error: String(error) }),
        );
      state.tail = work;
      pending.add(work);
      void work.finally(() => pending.delete(work));
    },
    flush: async () => {
      await Promise.all(pending);
    },
  };
}

function takeToken(state: ObjectState, burst: number): boolean {
  const refills = Math.floor((performance.now() - state.refilledAt) / REFILL_MS);
  state.tokens = Math.min(burst, state.tokens + refills);
  state.refilledAt += refills * REFILL_MS;
  if (state.tokens === 0) return false;
  state.tokens -= 1;
  return true;
}

async function write(options: EventRecorderOptions, state: ObjectState, entry: EventEntry): Promise<void> {
  const fingerprint = `${entry.type}/${entry.reason}/${entry.message}`;
  const now = Date.now();
  for (const [key, { at }] of state.written) if (now - at > REPEAT_MS) state.written.delete(key);
  const earlier = state.written.get(fingerprint);
  const repeated = earlier === undefined ? undefined : await countUp(options.client, entry, earlier);
  state.written.set(fingerprint, repeated ?? (await create(options, entry)));
}

/** Undefined when the earlier event has expired in the meantime. */
async function countUp(client: KubeClient, entry: EventEntry, earlier: Written): Promise<Written | undefined> {
  const count = earlier.count + 1;
  const target = {
    resource: RESOURCES.events,
    namespace: namespaceOf(entry),
    name: earlier.name,
    type: 'merge',
  } as const;
  try {
    await client.patch(
      target,
      { count, lastTimestamp: kubernetesTime(new Date()) },
      { signal: AbortSignal.timeout(WRITE_TIMEOUT_MS) },
    );
    return { name: earlier.name, count, at: Date.now() };
  } catch (error) {
    if (isGitOpsError(error) && error.code === 'NotFound') return undefined;
    throw error;
  }
}

async function create({ client, component }: EventRecorderOptions, entry: EventEntry): Promise<Written> {
  const { apiVersion, kind, metadata } = entry.involvedObject;
  const name = `${metadata.name ?? ''}.${nanoseconds().toString(16)}`;
  const now = kubernetesTime(new Date());
  const { namespace, uid, resourceVersion } = metadata;
  const event: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name,
      namespace: namespaceOf(entry),
      ...(entry.annotations && { annotations: entry.annotations }),
      ...(entry.labels && { labels: entry.labels }),
    },
    involvedObject: { apiVersion, kind, name: metadata.name, namespace, uid, resourceVersion },
    type: entry.type,
    reason: entry.reason,
    message: cut(redact(entry.message)),
    source: { component },
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
  await client.create(RESOURCES.events, event, { signal: AbortSignal.timeout(WRITE_TIMEOUT_MS) });
  return { name, count: 1, at: Date.now() };
}

/** Events of cluster-scoped objects live in `default`. */
function namespaceOf({ involvedObject }: EventEntry): string {
  return involvedObject.metadata.namespace || 'default';
}

/** Unix time; the lower digits come from a finer clock, so that two events of one millisecond differ. */
function nanoseconds(): bigint {
  return BigInt(Date.now()) * 1_000_000n + (process.hrtime.bigint() % 1_000_000n);
}

function cut(message: string): string {
  const bytes = Buffer.from(message);
  if (bytes.length <= MESSAGE_BYTES) return message;
  return `${bytes
    .subarray(0, MESSAGE_BYTES - 4)
    .toString('utf8')
    .replace(/\uFFFD+$/u, '')}…`;
}
