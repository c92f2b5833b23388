/** Recognition, verification and parsing of every provider's requests; what must be refused enqueues nothing. */
import { createHmac } from 'node:crypto';
import type { Enqueue } from '@tiphys/queue';
import { fakeClock, silentLogger } from '@tiphys/runtime';
import type { WebhookSettings } from '@tiphys/settings';
import { describe, expect, it, vi } from 'vitest';
import { createRepositoryIndex } from '../../applications/repository-index.js';
import { applicationEntry, createApplicationStore } from '../../applications/store.js';
import { createWebhookHandler, type WebhookDeps } from './handler.js';

const SECRET = 'a-webhook-secret';
const REPO = 'https://git.example.com/org/repo';

function subject(settings: Partial<WebhookSettings> = {}, applications: readonly string[] = ['web']) {
  const store = createApplicationStore();
  for (const name of applications) {
    store.put(
      applicationEntry({
        ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
        metadata: { name, namespace: 'argocd', resourceVersion: '1' },
        spec: { project: 'default', destination: {}, source: { repoURL: REPO, path: name, targetRevision: 'main' } },
      }),
    );
  }
  const enqueued: Enqueue[] = [];
  const heldBack: Enqueue[] = [];
  const counted: string[] = [];
  const deps: WebhookDeps = {
    index: createRepositoryIndex(store),
    queue: {
      enqueueMany: async (entries) => void enqueued.push(...entries),
      enqueueManyAfter: async (entries) => void heldBack.push(...entries),
    },
    settings: { webhook: () => ({ maxPayloadBytes: 1_000_000, ...settings }) },
    metrics: { webhook: (_, event) => void counted.push(event), webhookHandlers: () => undefined },
    clock: fakeClock(new Date(1_000)),
    log: silentLogger,
  };
  const handle = createWebhookHandler(deps);
  const send = (headers: Record<string, string>, payload: unknown) =>
    handle({
      headers,
      body: Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload)),
      sourceIp: '::1',
    });
  return { send, enqueued, heldBack, counted };
}

const hmac = (body: unknown, secret = SECRET) =>
  createHmac('sha256', secret).update(JSON.stringify(body)).digest('hex');
const github = {
  ref: 'refs/heads/main',
  repository: { html_url: REPO, clone_url: `${REPO}.git`, default_branch: 'main' },
  commits: [{ added: [], modified: ['web/deployment.yaml'], removed: [] }],
};
const gitlab = {
  object_kind: 'push',
  ref: 'refs/heads/main',
  project: { web_url: REPO, default_branch: 'main' },
  commits: [],
};
const bitbucket = {
  repository: { links: { html: { href: REPO } } },
  push: { changes: [{ new: { type: 'branch', name: 'main' } }] },
};
const bitbucketServer = {
  repository: { links: { clone: [{ href: `${REPO}.git` }] } },
  changes: [{ ref: { id: 'refs/heads/main' } }],
};
const azure = {
  eventType: 'git.push',
  resource: { repository: { remoteUrl: REPO }, refUpdates: [{ name: 'refs/heads/main' }] },
};
const basic = `Basic ${Buffer.from('user:pass').toString('base64')}`;

describe.each<[string, Partial<WebhookSettings>, unknown, Record<string, string>, Record<string, string>]>([
  [
    'github',
    { github: SECRET },
    github,
    { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${hmac(github)}` },
    { 'x-hub-signature-256': `sha256=${hmac(github, 'x')}` },
  ],
  [
    'gogs',
    { gogs: SECRET },
    github,
    { 'x-gogs-event': 'push', 'x-github-event': 'push', 'x-gogs-signature': hmac(github) },
    { 'x-gogs-signature': '00' },
  ],
  [
    'gitea',
    { gogs: SECRET },
    github,
    { 'x-gitea-event': 'push', 'x-gitea-signature': hmac(github) },
    { 'x-gitea-signature': '' },
  ],
  [
    'gitlab',
    { gitlab: SECRET },
    gitlab,
    { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': SECRET },
    { 'x-gitlab-token': 'x' },
  ],
  [
    'bitbucket',
    { bitbucketUuid: SECRET },
    bitbucket,
    { 'x-event-key': 'repo:push', 'x-hook-uuid': SECRET },
    { 'x-hook-uuid': 'x' },
  ],
  [
    'bitbucketserver',
    { bitbucketServer: SECRET },
    bitbucketServer,
    { 'x-event-key': 'repo:refs_changed', 'x-hub-signature': `sha256=${hmac(bitbucketServer)}` },
    { 'x-hub-signature': 'sha256=zz' },
  ],
  [
    'azuredevops',
    { azureDevOps: { username: 'user', password: 'pass' } },
    azure,
    { 'x-vss-activityid': '1', authorization: basic },
    { authorization: 'Basic eDp5' },
  ],
])('%s', (...[, settings, payload, good, bad]) => {
  it('a verified push enqueues the application with the time of arrival', () => {
    const { send, enqueued } = subject(settings);
    expect(send(good, payload).status).toBe('accepted');
    expect(enqueued).toEqual([
      { key: 'argocd/web', priority: 'webhook', request: { level: 3, hardness: 0, since: 1_000 } },
    ]);
  });

  it('a wrong signature is refused and enqueues nothing (J03, S13)', () => {
    const { send, enqueued } = subject(settings);
    expect(() => send({ ...good, ...bad }, payload)).toThrow(/signature does not fit/);
    expect(enqueued).toEqual([]);
  });

  it('without a configured secret it is accepted, as in Argo CD', () => {
    const { send, enqueued } = subject();
    expect(send({ ...good, ...bad }, payload).status).toBe('accepted');
    expect(enqueued).toHaveLength(1);
  });

  it.each([
    '{',
    '[]',
    'null',
    '{"push":{"changes":[1]},"repository":{"links":{"html":{"href":"x"}}}}',
    '{"repository":null}',
  ])('the payload %s never crashes and enqueues nothing (S13)', (body) => {
    const { send, enqueued } = subject();
    let status: string;
    try {
      ({ status } = send(good, body));
    } catch (error) {
      status = (error as { kind: string }).kind;
    }
    expect(['invalidArgument', 'ignored', 'accepted']).toContain(status);
    expect(enqueued).toEqual([]);
  });
});

describe('other requests', () => {
  it('ping is answered', () => {
    expect(subject().send({ 'x-github-event': 'ping' }, { zen: 'Keep it logically awesome.' }).status).toBe('pong');
  });

  it('events that change no manifests are ignored', () => {
    const { send, enqueued } = subject();
    expect(send({ 'x-github-event': 'issues' }, {}).status).toBe('ignored');
    expect(enqueued).toEqual([]);
  });

  it('made-up event names do not become metric labels', () => {
    const { send, counted } = subject();
    send({ 'x-github-event': 'push' }, github);
    send({ 'x-github-event': `made-up-${Math.random()}` }, {});
    expect(counted).toEqual(['push', 'other']);
  });

  it('a signature over a payload that was changed on the way is refused', () => {
    const { send } = subject({ github: SECRET });
    const headers = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${hmac(github)}` };
    expect(() => send(headers, { ...github, ref: 'refs/heads/other' })).toThrow(/signature/);
  });

  it('unknown senders and too large payloads are refused (J06)', () => {
    expect(() => subject().send({}, {})).toThrow(/unknown webhook/);
    expect(() => subject({ maxPayloadBytes: 10 }).send({ 'x-github-event': 'push' }, github)).toThrow(
      /larger than 10 bytes/,
    );
  });
});

describe('a push into a repository that many applications use', () => {
  const others = ['api', 'jobs'];
  const keysOf = (entries: readonly Enqueue[]) => entries.map(({ key }) => key).sort();

  it('enqueues the application whose files changed at once, the others a moment later', () => {
    const { send, enqueued, heldBack } = subject({}, ['web', ...others]);
    send({ 'x-github-event': 'push' }, github);
    return vi.waitFor(
      () => {
        expect(keysOf(enqueued)).toEqual(['argocd/web']);
        expect(keysOf(heldBack)).toEqual(['argocd/api', 'argocd/jobs']);
      },
      { timeout: 15_000 },
    );
  });

  it('holds nobody back when the payload names no files', () => {
    const { send, enqueued, heldBack } = subject({}, ['web', ...others]);
    send({ 'x-github-event': 'push' }, { ...github, commits: undefined });
    return vi.waitFor(
      () => {
        expect(keysOf(enqueued)).toEqual(['argocd/api', 'argocd/jobs', 'argocd/web']);
        expect(heldBack).toEqual([]);
      },
      { timeout: 15_000 },
    );
  });
});
