/** The Git hosts: how their requests are recognized and verified (J01, J03). */
import { azureDevOpsPush, bitbucketCloudPush, bitbucketServerPush, gitHubPush, gitLabPush } from './git-payloads.js';
import { formPayload, isForm } from './payload.js';
import type { Provider, WebhookRequest } from './provider.js';
import { gitHubPackage } from './registry-payloads.js';
import { equalityVerdict, header, hmacVerdict, type Verdict } from './signatures.js';

/** Gogs, Gitea and Forgejo: also of a form they sign the JSON in it. */
export const gogs: Provider = {
  name: 'gogs',
  secretKey: 'webhook.gogs.secret',
  events: ['push'],
  event: ({ headers }) =>
    header(headers, 'x-forgejo-event') ?? header(headers, 'x-gitea-event') ?? header(headers, 'x-gogs-event'),
  verify: ({ headers, body }, { gogs: secret }) => {
    const names = ['x-forgejo-signature', 'x-gitea-signature', 'x-gogs-signature'];
    const signature = names.map((name) => header(headers, name)).find((value) => value !== undefined);
    const signed = isForm(header(headers, 'content-type')) ? formPayload(body) : body;
    return hmacVerdict(secret, signature, { signed });
  },
  read: (event, payload) => (event === 'push' ? gitHubPush(payload) : undefined),
};

const PACKAGES = ['package', 'registry_package'];

function gitHubVerdict({ headers, body }: WebhookRequest, secret: string | undefined): Verdict {
  const [sha256, sha1] = [header(headers, 'x-hub-signature-256'), header(headers, 'x-hub-signature')];
  // Old GitHub Enterprise servers send the SHA-1 only; where both come, the better one decides.
  if (sha256 === undefined && sha1 !== undefined) return hmacVerdict(secret, sha1, { signed: body, algorithm: 'sha1' });
  return hmacVerdict(secret, sha256, { signed: body });
}

export const github: Provider = {
  name: 'github',
  secretKey: 'webhook.github.secret',
  events: ['push', 'ping'],
  event: ({ headers }) => {
    const event = header(headers, 'x-github-event');
    return event === undefined || PACKAGES.includes(event) ? undefined : event;
  },
  verify: (request, { github: secret }) => gitHubVerdict(request, secret),
  read: (event, payload) => (event === 'push' ? gitHubPush(payload) : undefined),
};

/** GitHub's registry: its hooks are GitHub's, with the same secret (J02). */
export const ghcr: Provider = {
  name: 'ghcr',
  secretKey: 'webhook.github.secret',
  events: PACKAGES,
  event: ({ headers }) => PACKAGES.find((event) => event === header(headers, 'x-github-event')),
  verify: (request, { github: secret }) => gitHubVerdict(request, secret),
  read: (_, payload) => gitHubPackage(payload),
};

const GITLAB_PUSHES: readonly unknown[] = ['push', 'tag_push', 'repository_update'];

export const gitlab: Provider = {
  name: 'gitlab',
  secretKey: 'webhook.gitlab.secret',
  events: ['Push Hook', 'Tag Push Hook', 'System Hook'],
  event: ({ headers }) => header(headers, 'x-gitlab-event'),
  verify: ({ headers }, { gitlab: secret }) => equalityVerdict(secret, header(headers, 'x-gitlab-token')),
  read: (_, payload) => {
    const kind = payload['event_name'] ?? payload['object_kind'];
    return GITLAB_PUSHES.includes(kind) ? gitLabPush(payload) : undefined;
  },
};

export const bitbucketCloud: Provider = {
  name: 'bitbucket',
  secretKey: 'webhook.bitbucket.uuid',
  events: ['repo:push'],
  event: ({ headers }) => (header(headers, 'x-hook-uuid') === undefined ? undefined : header(headers, 'x-event-key')),
  verify: ({ headers }, { bitbucketUuid }) => equalityVerdict(bitbucketUuid, header(headers, 'x-hook-uuid')),
  read: (event, payload) => (event === 'repo:push' ? bitbucketCloudPush(payload) : undefined),
};

/** The second when a mirror of a data center has caught up. */
const BITBUCKET_SERVER_PUSHES = ['repo:refs_changed', 'mirror:repo_synchronized'];

export const bitbucketServer: Provider = {
  name: 'bitbucketserver',
  secretKey: 'webhook.bitbucketserver.secret',
  events: [...BITBUCKET_SERVER_PUSHES, 'diagnostics:ping'],
  event: ({ headers }) => header(headers, 'x-event-key'),
  verify: ({ headers, body }, { bitbucketServer: secret }) => {
    const signature = header(headers, 'x-hub-signature');
    // The test of the connection is not signed, and does nothing.
    const isUnsignedPing = signature === undefined && header(headers, 'x-event-key') === 'diagnostics:ping';
    return isUnsignedPing ? 'unverified' : hmacVerdict(secret, signature, { signed: body });
  },
  read: (event, payload) => (BITBUCKET_SERVER_PUSHES.includes(event) ? bitbucketServerPush(payload) : undefined),
};

export const azureDevOps: Provider = {
  name: 'azuredevops',
  secretKey: 'webhook.azuredevops.username and webhook.azuredevops.password',
  events: ['git.push'],
  event: ({ headers }) => (header(headers, 'x-vss-activityid') === undefined ? undefined : 'git.push'),
  verify: ({ headers }, { azureDevOps: account }) => {
    const expected = account === undefined ? undefined : `${account.username}:${account.password}`;
    const sent = header(headers, 'authorization')?.replace(/^Basic\s+/i, '') ?? '';
    return equalityVerdict(expected, Buffer.from(sent, 'base64').toString());
  },
  read: (_, payload) => (payload['eventType'] === 'git.push' ? azureDevOpsPush(payload) : undefined),
};
