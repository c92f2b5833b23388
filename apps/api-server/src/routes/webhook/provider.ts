/** What the handler knows of a sender of webhooks. */
import type { WebhookSecrets } from '@tiphys/settings';
import type { WebhookEvent } from './events.js';
import type { Payload } from './payload.js';
import type { Headers, Verdict } from './signatures.js';

export interface WebhookRequest {
  readonly headers: Headers;
  /** Parameters of the address: `type` names a sender without headers of its own, `secret` is Docker Hub's. */
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
  readonly sourceIp: string;
}

export interface Provider {
  readonly name: string;
  /** Key in argocd-secret, for messages. */
  readonly secretKey: string;
  /** Events that are read. Other names are ignored, and never become a metric's label. */
  readonly events: readonly string[];
  /** The event's name when the request comes from this provider. */
  event(request: WebhookRequest, secrets: WebhookSecrets): string | undefined;
  verify(request: WebhookRequest, secrets: WebhookSecrets): Verdict;
  /** Undefined: an event that changes no manifests. */
  readonly read: (event: string, payload: Payload) => readonly WebhookEvent[] | undefined;
}

/** Tests of the connection: answered, nothing else. */
export const PINGS: readonly string[] = ['ping', 'diagnostics:ping'];
