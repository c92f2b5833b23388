/** Opening a repository: with what its Secret would say, and what the repo-server says about that (G15). */
import { type GitOpsError, isGitOpsError, isSameGitUrl, LABELS } from '@tiphys/model';
import {
  parseRepositories,
  type Repository,
  type RepositoryConnection,
  repositoryConnection,
  type SettingsData,
} from '@tiphys/settings';
import { ApiError } from '../../errors.js';
import type { CredentialKind, RepositoryDeps } from './deps.js';

type ConnectionDeps = Pick<RepositoryDeps, 'namespace' | 'settings'>;

/** Of the data of a Secret that need not exist. Throws `invalidArgument` for a value that is not understood. */
export function parsedSecret(
  { namespace }: Pick<RepositoryDeps, 'namespace'>,
  type: Repository['secretType'],
  data: SettingsData,
): Repository {
  const record = { name: 'repository', namespace, labels: { [LABELS.secretType]: type }, annotations: {}, data };
  const { settings, problems } = parseRepositories([record]);
  const [repository] = settings;
  if (repository !== undefined && problems.length === 0) return repository;
  const texts = problems.map(({ key, message }) => `${key.replace(/^repository\//, '')} ${message}`);
  throw new ApiError('invalidArgument', `the repository is not valid: ${texts.join('; ')}`);
}

/** With the repository's own credentials, or those of the template that covers it. */
export function connectionOf(
  { settings }: ConnectionDeps,
  kind: CredentialKind,
  repository: Repository,
): RepositoryConnection {
  const { url, project } = repository;
  const templates = settings.repositories().filter(({ secretType }) => secretType === kind.template.type);
  const request = { url, write: kind.write, ...(project === undefined ? {} : { project }) };
  const { configMap } = settings;
  return repositoryConnection(request, { repositories: [repository, ...templates], configMap });
}

/** A test takes no longer. */
const TEST_LIMIT_MS = 30_000;

/**
 * Throws `invalidArgument` with the reason when the repository cannot be opened. When the repo-server itself cannot be
 * asked, its error is thrown: nothing is known of the repository then.
 */
export async function testConnection(
  { repoServer }: Pick<RepositoryDeps, 'repoServer'>,
  repository: RepositoryConnection,
  signal: AbortSignal,
): Promise<void> {
  const limit = AbortSignal.timeout(TEST_LIMIT_MS);
  try {
    await repoServer.testRepository({ repository }, AbortSignal.any([signal, limit]));
  } catch (error) {
    if (limit.aborted) throw notConnected(`it did not answer within ${TEST_LIMIT_MS / 1000} s`);
    if (!isGitOpsError(error) || !isAboutRepository(error)) throw error;
    throw notConnected(error.message);
  }
}

/**
 * What is in a repository. Of an address that only the request names, `invalidArgument` says that it cannot be reached: that is
 * no outage of ours.
 */
export async function readContents<T>(
  { settings }: Pick<RepositoryDeps, 'settings'>,
  url: string,
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const isRegistered = settings.repositories().some((repository) => isSameGitUrl(repository.url, url));
    if (isRegistered || !isGitOpsError(error) || error.code !== 'Upstream' || !isAboutRepository(error)) throw error;
    throw notConnected(error.message);
  }
}

function notConnected(reason: string): ApiError {
  return new ApiError('invalidArgument', `Unable to connect to repository: ${reason}`);
}

/** Errors of the repo-server carry its code; those of the connection to it come from our own client. */
function isAboutRepository({ code, cause, message }: GitOpsError): boolean {
  if (code === 'Internal' || code === 'Waiting') return false;
  const isTransport = code === 'Upstream' && cause instanceof Error && /^the repo-server at /.test(message);
  return !isTransport;
}
