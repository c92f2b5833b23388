/** The few REST calls of the story, as any client of Argo CD would make them. */
import { createHmac } from 'node:crypto';

export interface Api {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  remove(path: string): Promise<void>;
  /** A GitHub push event for a branch, signed with the webhook secret. */
  pushed(event: PushEvent): Promise<void>;
}

export interface PushEvent {
  readonly repositoryUrl: string;
  readonly commit: string;
  readonly modified: readonly string[];
  readonly branch?: string;
}

export async function login(url: string, password: string, webhookSecret: string): Promise<Api> {
  const session = await call<{ token: string }>(`${url}/api/v1/session`, 'POST', {
    body: { username: 'admin', password },
  });
  const headers = { authorization: `Bearer ${session.token}` };
  return {
    get: (path) => call(`${url}${path}`, 'GET', { headers }),
    post: (path, body) => call(`${url}${path}`, 'POST', { body, headers }),
    remove: async (path) => void (await call(`${url}${path}`, 'DELETE', { headers })),
    pushed: (event) => sendPush(url, webhookSecret, event),
  };
}

async function sendPush(
  url: string,
  secret: string,
  { repositoryUrl, commit, modified, branch = 'main' }: PushEvent,
): Promise<void> {
  const payload = {
    ref: `refs/heads/${branch}`,
    after: commit,
    repository: { html_url: repositoryUrl.replace(/\.git$/, ''), clone_url: repositoryUrl, default_branch: 'main' },
    commits: [{ id: commit, added: [], removed: [], modified }],
  };
  const body = JSON.stringify(payload);
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  await call(`${url}/api/webhook`, 'POST', {
    body: payload,
    headers: { 'x-github-event': 'push', 'x-hub-signature-256': signature },
  });
}

interface CallOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function call<T>(url: string, method: string, { body, headers = {} }: CallOptions): Promise<T> {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(url, { method, headers: { 'content-type': 'application/json', ...headers }, ...init });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname}: ${response.status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
