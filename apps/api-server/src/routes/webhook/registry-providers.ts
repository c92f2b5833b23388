/** Registries, and the generic hook (J02): senders without headers of their own are named by `?type=`. */
import { genericEvent } from './generic-payload.js';
import type { Provider } from './provider.js';
import { dockerHubPush, harborPush } from './registry-payloads.js';
import { equalityVerdict, header, hmacVerdict, mandatory } from './signatures.js';

/**
 * Harbor sends the "Auth Header" of its policy as `Authorization`, and nothing that would say who it is: as in Argo CD the
 * secret is what it is recognized by. `?type=harbor` makes a wrong secret a clear refusal.
 */
export const harbor: Provider = {
  name: 'harbor',
  secretKey: 'webhook.harbor.secret',
  events: ['push'],
  event: (request, secrets) => {
    if (request.query['type'] === 'harbor') return 'push';
    const isHarbor = secrets.harbor !== undefined && equalityVerdict(secrets.harbor, sentBy(request)) === 'verified';
    return isHarbor ? 'push' : undefined;
  },
  verify: (request, secrets) => mandatory(equalityVerdict(secrets.harbor, sentBy(request))),
  read: (_, payload) => harborPush(payload),
};

function sentBy({ headers }: Parameters<Provider['verify']>[0]): string | undefined {
  return header(headers, 'authorization');
}

/** Docker Hub can neither sign nor send headers: its secret is in the address, as in Argo CD. */
export const dockerHub: Provider = {
  name: 'dockerhub',
  secretKey: 'webhook.dockerhub.secret',
  events: ['push'],
  event: ({ query }) => (query['type'] === 'dockerhub' ? 'push' : undefined),
  verify: ({ query }, { dockerHub: secret }) =>
    equalityVerdict(secret, typeof query['secret'] === 'string' ? query['secret'] : undefined),
  read: (_, payload) => dockerHubPush(payload),
};

export const GENERIC_SIGNATURE = 'x-tiphys-signature-256';

export const generic: Provider = {
  name: 'generic',
  secretKey: 'webhook.generic.secret',
  events: ['push'],
  event: ({ headers, query }) =>
    header(headers, GENERIC_SIGNATURE) !== undefined || query['type'] === 'generic' ? 'push' : undefined,
  verify: ({ headers, body }, { generic: secret }) =>
    mandatory(hmacVerdict(secret, header(headers, GENERIC_SIGNATURE), { signed: body })),
  read: (_, payload) => genericEvent(payload),
};
