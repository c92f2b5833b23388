/** GitHub Apps (G06): a token of the installation, from a signed statement of the app. */
import { GitError } from '../errors.js';
import type { GithubAppCredentials, GitRemote } from '../ports.js';
import type { IssuedToken, TokenContext } from './issued-token.js';
import { signToken } from './json-web-token.js';

const GITHUB_API = 'https://api.github.com';
/** GitHub takes at most ten minutes, and clocks differ. */
const VALID_S = 9 * 60;
const CLOCK_SKEW_S = 60;

export async function githubAppToken(
  remote: GitRemote,
  app: GithubAppCredentials,
  context: TokenContext,
): Promise<IssuedToken> {
  const api = (app.enterpriseBaseUrl ?? GITHUB_API).replace(/\/+$/, '');
  const who = `the GitHub App ${app.id}`;
  const now = Math.floor(context.clock.now().getTime() / 1_000);
  const claims = { iat: now - CLOCK_SKEW_S, exp: now + VALID_S, iss: String(app.id) };
  const jwt = signToken(claims, { pem: app.privateKey, who });
  const ask = (method: 'GET' | 'POST', path: string) =>
    context.client.ask({
      ...{ method, what: who, url: `${api}${path}`, credentials: remote.credentials, signal: context.signal },
      headers: {
        authorization: `Bearer ${jwt}`,
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
      },
    });
  const installation = app.installationId ?? (await findInstallation(remote, who, (path) => ask('GET', path)));
  const { token, expires_at: expiresAt } = await ask('POST', `/app/installations/${installation}/access_tokens`);
  if (typeof token !== 'string') throw new GitError('credentials', `GitHub gave no token to ${who}. It is retried.`);
  return {
    credentials: { username: 'x-access-token', password: token },
    expiresAt: typeof expiresAt === 'string' ? Date.parse(expiresAt) : 0,
  };
}

type Ask = (path: string) => Promise<Readonly<Record<string, unknown>>>;

/** The installation at the repository's owner. */
async function findInstallation({ url }: GitRemote, who: string, ask: Ask): Promise<number> {
  const [owner, name] = repositoryPath(url);
  if (owner === undefined || name === undefined) {
    throw new GitError(
      'credentials',
      `${url} does not name owner and repository, so the installation of ${who} cannot be found. Set githubAppInstallationID.`,
    );
  }
  const { id } = await ask(`/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}/installation`);
  if (typeof id === 'number') return id;
  throw new GitError(
    'credentials',
    `${who} is not installed for ${owner}/${name}. Install it, or set githubAppInstallationID.`,
  );
}

function repositoryPath(url: string): readonly string[] {
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  return path
    .replace(/^\/+|\/+$/g, '')
    .replace(/\.git$/, '')
    .split('/')
    .slice(0, 2)
    .map(decodeURIComponent);
}
