/** The Git hosts: how their requests are recognized and verified (J01, J03). Checks run on the raw bytes, before parsing. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookSettings } from '@tiphys/settings';
import {
  azureDevOpsPush,
  bitbucketCloudPush,
  bitbucketServerPush,
  gitHubPush,
  gitLabPush,
  type Payload,
} from './payloads.js';
import type { Push } from './push.js';

/** Lower-case names. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** `unverified`: no secret is configured for the provider, so anybody may have sent it (as in Argo CD). */
export type Verdict = 'verified' | 'unverified' | 'refused';

export interface Provider {
  readonly name: string;
  /** The event's name when the request comes from this provider. */
  event(headers: Headers): string | undefined;
  verify(request: { readonly headers: Headers; readonly body: Buffer }, settings: WebhookSettings): Verdict;
  /** Undefined: an event that changes no manifests. */
  readonly pushes: (event: string, payload: Payload) => readonly Push[] | undefined;
}

const gogs: Provider = {
  name: 'gogs',
  event: (headers) => text(headers, 'x-gogs-event') ?? text(headers, 'x-gitea-event'),
  verify: ({ headers, body }, { gogs: secret }) => {
    const signature = text(headers, 'x-gogs-signature') ?? text(headers, 'x-gitea-signature');
    return hmacVerdict(secret, signature, body);
  },
  pushes: (event, payload) => (event === 'push' ? gitHubPush(payload) : undefined),
};

const github: Provider = {
  name: 'github',
  event: (headers) => text(headers, 'x-github-event'),
  verify: ({ headers, body }, { github: secret }) =>
    hmacVerdict(secret, text(headers, 'x-hub-signature-256')?.replace(/^sha256=/, ''), body),
  pushes: (event, payload) => (event === 'push' ? gitHubPush(payload) : undefined),
};

const gitlab: Provider = {
  name: 'gitlab',
  event: (headers) => text(headers, 'x-gitlab-event'),
  verify: ({ headers }, { gitlab: secret }) => equalityVerdict(secret, text(headers, 'x-gitlab-token')),
  pushes: (event, payload) => {
    const kind = event === 'System Hook' ? payload['event_name'] : payload['object_kind'];
    return kind === 'push' || kind === 'tag_push' ? gitLabPush(payload) : undefined;
  },
};

const bitbucketCloud: Provider = {
  name: 'bitbucket',
  event: (headers) => (text(headers, 'x-hook-uuid') === undefined ? undefined : text(headers, 'x-event-key')),
  verify: ({ headers }, { bitbucketUuid }) => equalityVerdict(bitbucketUuid, text(headers, 'x-hook-uuid')),
  pushes: (event, payload) => (event === 'repo:push' ? bitbucketCloudPush(payload) : undefined),
};

const bitbucketServer: Provider = {
  name: 'bitbucketserver',
  event: (headers) => text(headers, 'x-event-key'),
  verify: ({ headers, body }, { bitbucketServer: secret }) =>
    hmacVerdict(secret, text(headers, 'x-hub-signature')?.replace(/^sha256=/, ''), body),
  pushes: (event, payload) => (event === 'repo:refs_changed' ? bitbucketServerPush(payload) : undefined),
};

const azureDevOps: Provider = {
  name: 'azuredevops',
  event: (headers) => (text(headers, 'x-vss-activityid') === undefined ? undefined : 'git.push'),
  verify: ({ headers }, { azureDevOps: account }) => {
    const expected = account === undefined ? undefined : `${account.username}:${account.password}`;
    const sent = text(headers, 'authorization')?.replace(/^Basic\s+/i, '') ?? '';
    return equalityVerdict(expected, Buffer.from(sent, 'base64').toString());
  },
  pushes: (_, payload) => azureDevOpsPush(payload),
};

/** Gogs first: it also sends GitHub's headers, with another signature. */
export const PROVIDERS: readonly Provider[] = [gogs, github, gitlab, bitbucketCloud, bitbucketServer, azureDevOps];

function hmacVerdict(secret: string | undefined, signature: string | undefined, body: Buffer): Verdict {
  if (secret === undefined) return 'unverified';
  const expected = createHmac('sha256', secret).update(body).digest();
  const sent = Buffer.from(signature ?? '', 'hex');
  return sent.length === expected.length && timingSafeEqual(sent, expected) ? 'verified' : 'refused';
}

function equalityVerdict(secret: string | undefined, sent: string | undefined): Verdict {
  if (secret === undefined) return 'unverified';
  // Digests have one length, so that the comparison does not tell the secret's.
  const digest = (value: string) => createHmac('sha256', 'webhook').update(value).digest();
  return timingSafeEqual(digest(secret), digest(sent ?? '')) ? 'verified' : 'refused';
}

function text(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
