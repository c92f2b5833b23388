/** The REST calls of the benchmark, as a client of Argo CD would make them. */
import { createHmac } from 'node:crypto';
import type { Installation } from '@tiphys/testing';

export interface Api {
  /** GET as admin; returns the size of the answer. */
  bytesOf(path: string): Promise<number>;
  /** A push of one file to main, as GitHub announces it. */
  announcePush(push: { readonly repoURL: string; readonly commit: string; readonly file: string }): Promise<void>;
}

export async function login(installation: Installation): Promise<Api> {
  const { apiUrl, adminPassword, webhookSecret } = installation;
  const session = await fetch(`${apiUrl}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: adminPassword }),
  });
  const { token } = (await expectOk(session).then((answer) => answer.json())) as { token: string };
  return {
    bytesOf: async (path) => {
      const answer = await fetch(`${apiUrl}${path}`, { headers: { authorization: `Bearer ${token}` } });
      return (await expectOk(answer).then((ok) => ok.arrayBuffer())).byteLength;
    },
    announcePush: async ({ repoURL, commit, file }) => {
      const body = JSON.stringify({
        ref: 'refs/heads/main',
        after: commit,
        repository: { html_url: repoURL.replace(/\.git$/, ''), clone_url: repoURL, default_branch: 'main' },
        commits: [{ id: commit, added: [], removed: [], modified: [file] }],
      });
      const signature = createHmac('sha256', webhookSecret).update(body).digest('hex');
      const headers = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}` };
      const answer = await fetch(`${apiUrl}/api/webhook`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body,
      });
      await expectOk(answer);
    },
  };
}

async function expectOk(answer: Response): Promise<Response> {
  if (!answer.ok) throw new Error(`${new URL(answer.url).pathname}: ${answer.status} ${await answer.text()}`);
  return answer;
}
