/** Azure identities (G07): a token for Azure DevOps from a workload identity or a service principal. */
import { readFile } from 'node:fs/promises';
import { GitError } from '../errors.js';
import type { AzureCredentials, GitRemote } from '../ports.js';
import type { IssuedToken, TokenContext } from './issued-token.js';

/** What the workload identity webhook of Azure puts into the environment of a pod. */
export interface AzureWorkload {
  readonly clientId: string;
  readonly tenantId: string;
  readonly tokenFile: string;
  readonly authority: string;
}

export const AZURE_AUTHORITY = 'https://login.microsoftonline.com';
/** The resource id of Azure DevOps, the same in every tenant. */
const SCOPE = '499b84ac-1321-427f-aa17-267ca6975798/.default';
const GUID = /^[A-Za-z0-9.-]{1,100}$/;

export interface AzureRequest {
  readonly remote: GitRemote;
  readonly identity: AzureCredentials;
  readonly workload: AzureWorkload | undefined;
}

export async function azureToken(request: AzureRequest, context: TokenContext): Promise<IssuedToken> {
  const { authority, tenantId, who, form } = await login(request);
  if (!GUID.test(tenantId))
    throw new GitError('credentials', `The tenant id of ${who} is not valid. Correct it in the repository Secret.`);
  const answer = await context.client.ask({
    ...{ method: 'POST', what: who, credentials: request.remote.credentials, signal: context.signal },
    url: `${authority.replace(/\/+$/, '')}/${tenantId}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: SCOPE, ...form }).toString(),
  });
  const { access_token: token, expires_in: seconds } = answer;
  if (typeof token !== 'string') throw new GitError('credentials', `Azure gave no token to ${who}. It is retried.`);
  const expiresAt = typeof seconds === 'number' ? context.clock.now().getTime() + seconds * 1_000 : 0;
  return { credentials: { bearerToken: token }, expiresAt };
}

interface Login {
  readonly authority: string;
  readonly tenantId: string;
  readonly who: string;
  readonly form: Readonly<Record<string, string>>;
}

async function login({ identity, workload }: AzureRequest): Promise<Login> {
  if (!identity.useWorkloadIdentity) {
    const { clientId = '', clientSecret = '', tenantId = '', activeDirectoryEndpoint = AZURE_AUTHORITY } = identity;
    const form = { client_id: clientId, client_secret: clientSecret };
    return { authority: activeDirectoryEndpoint, tenantId, who: `the Azure service principal ${clientId}`, form };
  }
  if (workload === undefined) {
    const next =
      'Give the service account of the repo-server a workload identity, so that AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE are set.';
    throw new GitError(
      'credentials',
      `The repository uses an Azure workload identity, but the repo-server has none. ${next}`,
    );
  }
  const { clientId, tenantId, authority } = workload;
  const form = {
    client_id: clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await readTokenFile(workload.tokenFile),
  };
  return { authority, tenantId, who: `the Azure workload identity ${clientId}`, form };
}

/** Read each time: Kubernetes replaces it. */
async function readTokenFile(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new GitError(
      'credentials',
      `The token of the Azure workload identity cannot be read from ${path}. Check the mount.`,
      { cause: error },
    );
  }
}
