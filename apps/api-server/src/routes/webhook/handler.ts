/** POST /api/webhook: recognize, verify on the raw body, parse, answer; the work is done behind the answer (design 4.1). */
import type { Logger } from '@tiphys/runtime';
import type { WebhookSettings } from '@tiphys/settings';
import { ApiError } from '../../errors.js';
import type { ApiMetrics } from '../../plugins/metrics.js';
import { createDispatcher, type DispatchDeps } from './dispatch.js';
import { parsePayload } from './payload.js';
import { PINGS, type Provider, type WebhookRequest } from './provider.js';
import { PROVIDERS } from './providers.js';
import { header, mandatory } from './signatures.js';

export interface WebhookDeps extends DispatchDeps {
  readonly metrics: DispatchDeps['metrics'] & Pick<ApiMetrics, 'webhookDelivery'>;
  readonly log: Logger;
}

export interface WebhookAnswer {
  readonly status: 'accepted' | 'ignored' | 'pong';
  readonly provider: string;
  readonly event: string;
}

export type WebhookHandler = (request: WebhookRequest) => WebhookAnswer;

/** Synchronous: the answer does not wait for Redis. @throws ApiError for what is refused; nothing was enqueued then. */
export function createWebhookHandler(deps: WebhookDeps): WebhookHandler {
  const dispatch = createDispatcher(deps);
  return (request) => {
    const settings = deps.settings.webhook();
    const { provider, event } = recognize(request, settings);
    const counted = provider.events.includes(event) ? event : 'other';
    const count = (outcome: string) =>
      deps.metrics.webhookDelivery({ provider: provider.name, event: counted, outcome });
    try {
      const status = answer(deps, request, { provider, event, settings, dispatch });
      count(status);
      return { status, provider: provider.name, event };
    } catch (error) {
      count('refused');
      throw error;
    }
  };
}

interface Recognized {
  readonly provider: Provider;
  readonly event: string;
}

function recognize(request: WebhookRequest, settings: WebhookSettings): Recognized {
  for (const provider of PROVIDERS) {
    const event = provider.event(request, settings);
    if (event !== undefined) return { provider, event };
  }
  const names = PROVIDERS.map(({ name }) => name).join(', ');
  const hint = 'Senders without headers of their own are named in the address: ?type=harbor, dockerhub or generic';
  throw new ApiError('invalidArgument', `unknown webhook event: none of the headers of ${names} is set. ${hint}`);
}

interface Answering extends Recognized {
  readonly settings: WebhookSettings;
  readonly dispatch: ReturnType<typeof createDispatcher>;
}

function answer(
  deps: WebhookDeps,
  request: WebhookRequest,
  { provider, event, settings, dispatch }: Answering,
): WebhookAnswer['status'] {
  verify(deps, request, { provider, event, settings });
  if (PINGS.includes(event)) return 'pong';
  if (!provider.events.includes(event)) return 'ignored';
  const events = provider.read(event, parsePayload(request.body, header(request.headers, 'content-type')));
  if (events === undefined || events.length === 0) return 'ignored';
  dispatch({ provider: provider.name, events });
  return 'accepted';
}

function verify(
  deps: WebhookDeps,
  request: WebhookRequest,
  { provider, event, settings }: Omit<Answering, 'dispatch'>,
) {
  const given = provider.verify(request, settings);
  const isRefusedWithout = settings.requireSecret && !PINGS.includes(event);
  const verdict = isRefusedWithout ? mandatory(given) : given;
  const fields = { provider: provider.name, sourceIp: request.sourceIp };
  if (verdict === 'unverified' && !PINGS.includes(event)) {
    const text = 'unauthenticated webhook: set the webhook secret of the provider in argocd-secret';
    deps.log.warn(text, { ...fields, secretKey: provider.secretKey, security: 2 });
  }
  if (verdict === 'unconfigured') {
    const text = `webhooks of ${provider.name} need a secret: set ${provider.secretKey} in argocd-secret`;
    throw new ApiError('unauthenticated', text);
  }
  if (verdict === 'refused') {
    deps.log.warn('webhook refused: wrong signature', { ...fields, security: 3 });
    const text = `the signature does not fit the ${provider.name} webhook secret; set the same secret on both sides`;
    throw new ApiError('unauthenticated', text);
  }
}
