/** Ports that only remember what was asked of them. */
import type { ApplicationTree } from '@tiphys/gitops-engine';
import type { AnnouncedRevision, Application } from '@tiphys/model';
import type { Enqueue, KeyedQueue, PendingRequest } from '@tiphys/queue';
import type { Logger } from '@tiphys/runtime';
import type {
  AnnouncedRevisions,
  AppEvent,
  DeployedManifests,
  Deployments,
  EventRecorder,
  ManifestSource,
  MissedRevision,
  RenderedManifests,
  RenderRequest,
  ResourceViews,
} from '../ports.js';
import { SHA_A } from './builders.js';

export interface RecordingQueue extends KeyedQueue {
  readonly enqueued: Enqueue[];
  /** Delays of those that were to be enqueued later. */
  readonly delays: number[];
  readonly acknowledged: string[];
}

/** A queue whose pending request is always `pending`. */
export function recordingQueue(pending?: PendingRequest): RecordingQueue {
  const enqueued: Enqueue[] = [];
  const acknowledged: string[] = [];
  const delays: number[] = [];
  return {
    ...{ enqueued, acknowledged, delays },
    enqueue: async (entry) => void enqueued.push(entry),
    enqueueMany: async (entries) => void enqueued.push(...entries),
    enqueueAfter: async (entry, afterMs) => {
      enqueued.push(entry);
      delays.push(afterMs);
    },
    enqueueManyAfter: async (entries) => void enqueued.push(...entries),
    readRequest: async () => pending,
    acknowledge: async (_, token) => void acknowledged.push(token),
    depth: async () => ({ waiting: enqueued.length, active: 0, delayed: 0 }),
    close: async () => undefined,
  };
}

export interface RecordingEvents extends EventRecorder {
  readonly recorded: AppEvent[];
}

export function recordingEvents(): RecordingEvents {
  const recorded: AppEvent[] = [];
  return { recorded, record: (_: Application, event) => void recorded.push(event) };
}

export interface RecordingViews extends ResourceViews {
  readonly published: { readonly tree: ApplicationTree; readonly managed: readonly unknown[] }[];
  readonly forgotten: string[];
}

export function recordingViews(): RecordingViews {
  const published: RecordingViews['published'] = [];
  const forgotten: string[] = [];
  return {
    ...{ published, forgotten },
    publish: async (_, views) => void published.push(views),
    forget: async ({ namespace, name }) => void forgotten.push(`${namespace}/${name}`),
  };
}

export interface MemoryAnnouncements extends AnnouncedRevisions {
  /** Of every source. */
  announced: AnnouncedRevision | undefined;
  readonly missedRevisions: MissedRevision[];
}

export function memoryAnnouncements(): MemoryAnnouncements {
  const missedRevisions: MissedRevision[] = [];
  return {
    missedRevisions,
    announced: undefined,
    async read(sources) {
      return sources.map(() => this.announced);
    },
    missed: (_, missed) => void missedRevisions.push(missed),
  };
}

export interface MemoryDeployments extends Deployments {
  save: Deployments['save'];
  /** By history id. */
  readonly kept: Map<number, DeployedManifests>;
}

/** Keeps the deployments of one application. */
export function memoryDeployments(): MemoryDeployments {
  const kept = new Map<number, DeployedManifests>();
  return {
    kept,
    save: async (_, { id, manifests }) => void kept.set(id, manifests),
    load: async (_, id) => kept.get(id),
    drop: async (_, ids) => ids.forEach((id) => kept.delete(id)),
  };
}

export interface FixedManifests extends ManifestSource {
  readonly requests: RenderRequest[];
  /** What the next renders answer, or throw. */
  answer: RenderedManifests | Error;
}

export function fixedManifests(answer: Partial<RenderedManifests> = {}): FixedManifests {
  const requests: RenderRequest[] = [];
  const rendered: RenderedManifests = {
    ...{ targets: [], revisions: [SHA_A], sourceTypes: ['Directory'], manifestHash: 'hash-1', warnings: [] },
    ...answer,
  };
  return {
    requests,
    answer: rendered,
    async generate(request) {
      requests.push(request);
      if (this.answer instanceof Error) throw this.answer;
      return this.answer;
    },
    resolveRevision: async () => SHA_A,
  };
}

export interface RecordingLog extends Logger {
  readonly warnings: string[];
}

export function recordingLog(): RecordingLog {
  const warnings: string[] = [];
  const log: RecordingLog = {
    warnings,
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => void warnings.push(message),
    error: (message) => void warnings.push(message),
    child: () => log,
  };
  return log;
}
