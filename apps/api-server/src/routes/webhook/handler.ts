/** POST /api/webhook: verify on the raw body, answer, then enqueue the applications that the index names (design 4.1). */
import type { Enqueue, KeyedQueue } from '@tiphys/queue';
import type { Clock, Logger } from '@tiphys/runtime';
import type { RepositoryIndex } from '../../applications/repository-index.js';
import { ApiError } from '../../errors.js';
import type { LiveSettings } from '../../kube/config-objects.js';
import type { ApiMetrics } from '../../plugins/metrics.js';
import type { Payload } from './payloads.js';
import { type Headers, PROVIDERS, type Provider } from './providers.js';
import { affectedApplications, type Push } from './push.js';

export interface WebhookDeps {
  readonly index: RepositoryIndex;
  readonly queue: Pick<KeyedQueue, 'enqueueMany' | 'enqueueManyAfter'>;
  readonly settings: Pick<LiveSettings, 'webhook'>;
  readonly metrics: Pick<ApiMetrics, 'webhook' | 'webhookHandlers'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface WebhookRequest {
  readonly headers: Headers;
  readonly body: Buffer;
  readonly sourceIp: string;
}

export interface WebhookAnswer {
  readonly status: 'accepted' | 'ignored' | 'pong';
  readonly provider: string;
  readonly event: string;
}

export type WebhookHandler = (request: WebhookRequest) => WebhookAnswer;

/** Enough for a fetch, a render and an apply. */
const HOLD_BACK_MS = 1_000;

/** Event names that may become metric labels: anybody can send any name. */
const KNOWN_EVENTS: readonly string[] = [
  ...['push', 'ping', 'Push Hook', 'Tag Push Hook', 'System Hook'],
  ...['repo:push', 'repo:refs_changed', 'git.push'],
];

/** Synchronous: the answer does not wait for Redis. What cannot be enqueued is found by the next poll. */
export function createWebhookHandler(deps: WebhookDeps): WebhookHandler {
  return (request) => {
    const { provider, event } = recognize(request);
    deps.metrics.webhook(provider.name, KNOWN_EVENTS.includes(event) ? event : 'other');
    verify(deps, request, provider);
    const result = { provider: provider.name, event } as const;
    if (event === 'ping') return { status: 'pong', ...result };
    const pushes = provider.pushes(event, parse(request.body));
    if (pushes === undefined) return { status: 'ignored', ...result };
    void refresh(deps, pushes, provider.name);
    return { status: 'accepted', ...result };
  };
}

function recognize({ headers }: WebhookRequest): { readonly provider: Provider; readonly event: string } {
  for (const provider of PROVIDERS) {
    const event = provider.event(headers);
    if (event !== undefined) return { provider, event };
  }
  const names = PROVIDERS.map(({ name }) => name).join(', ');
  throw new ApiError('invalidArgument', `unknown webhook: none of the event headers of ${names} is set`);
}

function verify(deps: WebhookDeps, request: WebhookRequest, provider: Provider): void {
  const settings = deps.settings.webhook();
  if (request.body.length > settings.maxPayloadBytes) {
    throw new ApiError('invalidArgument', `the payload is larger than ${settings.maxPayloadBytes} bytes (J06)`);
  }
  const verdict = provider.verify(request, settings);
  const fields = { provider: provider.name, sourceIp: request.sourceIp };
  if (verdict === 'unverified') {
    deps.log.warn('unauthenticated webhook: set the webhook secret of the provider in argocd-secret', {
      ...{ ...fields, security: 2 },
    });
  }
  if (verdict === 'refused') {
    deps.log.warn('webhook refused: wrong signature', { ...fields, security: 3 });
    const text = `the signature does not fit the ${provider.name} webhook secret; set the same secret on both sides`;
    throw new ApiError('unauthenticated', text);
  }
}

function parse(body: Buffer): Payload {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new ApiError(
      'invalidArgument',
      'the payload is not JSON: choose the content type application/json for the webhook',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ApiError('invalidArgument', 'the payload is not a JSON object');
  }
  return value as Payload;
}

/**
 * Applications whose files the push names go first and alone; the others only learn the new commit, and would compete
 * with them for the Git host, the repo-server and the cluster. Without names nobody is held back.
 */
async function enqueue(queue: WebhookDeps['queue'], entries: readonly Enqueue[]): Promise<void> {
  const urgent = entries.filter(({ priority }) => priority === 'webhook');
  const others = urgent.length === 0 ? [] : entries.filter(({ priority }) => priority !== 'webhook');
  const first = urgent.length === 0 ? entries : urgent;
  if (first.length > 0) await queue.enqueueMany(first);
  if (others.length > 0) await queue.enqueueManyAfter(others, HOLD_BACK_MS);
}

async function refresh(deps: WebhookDeps, pushes: readonly Push[], provider: string): Promise<void> {
  const arrivedAt = deps.clock.now().getTime();
  deps.metrics.webhookHandlers(1);
  try {
    for (const push of pushes) {
      const entries = affectedApplications(push, deps.index.find(push.repositoryUrls), arrivedAt);
      const fields = { provider, repository: push.repositoryUrls[0], ref: push.ref, applications: entries.length };
      deps.log.info('webhook', fields);
      await enqueue(deps.queue, entries);
    }
  } catch (error) {
    deps.log.error('webhook not enqueued: the applications are refreshed by the next poll', { provider, error });
  } finally {
    deps.metrics.webhookHandlers(-1);
  }
}
