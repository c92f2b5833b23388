/** The webhook's handler over a real store and index; what it asks for is recorded. */
import type { Application, ApplicationSource, KubernetesObject } from '@tiphys/model';
import type { Enqueue } from '@tiphys/queue';
import { fakeClock, silentLogger } from '@tiphys/runtime';
import { parseWebhookSettings, type WebhookSettings } from '@tiphys/settings';
import { createRepositoryIndex } from '../../../applications/repository-index.js';
import { type ApplicationEntry, applicationEntry, createApplicationStore } from '../../../applications/store.js';
import { createWebhookHandler, type WebhookDeps } from '../handler.js';

export const ARRIVED_AT = 1_000;

export function entryOf(
  name: string,
  spec: Partial<Application['spec']>,
  annotations: Readonly<Record<string, string>> = {},
): ApplicationEntry {
  return applicationEntry({
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
    metadata: { name, namespace: 'argocd', resourceVersion: '1', annotations },
    spec: { project: 'default', destination: { name: 'in-cluster' }, ...spec },
  } as KubernetesObject);
}

export interface SubjectOptions {
  readonly settings?: Partial<WebhookSettings>;
  /** One application for each, by its name. */
  readonly sources?: Readonly<Record<string, ApplicationSource>>;
  readonly deps?: Partial<WebhookDeps>;
}

export function webhookSubject({ settings = {}, sources = {}, deps: given = {} }: SubjectOptions = {}) {
  const store = createApplicationStore();
  for (const [name, source] of Object.entries(sources)) store.put(entryOf(name, { source }));
  const enqueued: Enqueue[] = [];
  const heldBack: Enqueue[] = [];
  const announced = new Map<string, unknown>();
  const counted: Record<string, unknown>[] = [];
  let inFlight = 0;
  const parsed = parseWebhookSettings({ argocdCm: {}, argocdSecret: {} }).settings;
  const deps: WebhookDeps = {
    index: createRepositoryIndex(store),
    queue: {
      enqueueMany: async (entries) => void enqueued.push(...entries),
      enqueueManyAfter: async (entries) => void heldBack.push(...entries),
    },
    cache: {
      getJson: async (key, parse) => (announced.has(key) ? parse(announced.get(key)) : undefined),
      setJson: async (key, value) => void announced.set(key, value),
    },
    settings: { webhook: () => ({ ...parsed, ...settings }) },
    metrics: {
      webhookDelivery: (labels) => void counted.push({ ...labels }),
      webhookEvent: (repo) => void counted.push({ repo }),
      webhookCarryOver: (repo, { successful, count }) => {
        if (count > 0) counted.push({ repo, successful, count });
      },
      webhookHandlers: (change) => {
        inFlight += change;
      },
    },
    clock: fakeClock(new Date(ARRIVED_AT)),
    log: silentLogger,
    random: () => 0.5,
    ...given,
  };
  return {
    handle: createWebhookHandler(deps),
    store,
    enqueued,
    heldBack,
    announced,
    counted,
    inFlight: () => inFlight,
  };
}
