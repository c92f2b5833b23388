/** Finds the repository of a request among those that the caller may see (N11). */
import { isSameGitUrl } from '@tiphys/model';
import type { Repository } from '@tiphys/settings';
import { scopedObject } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { CredentialKind, RepositoryDeps } from './deps.js';

type FindDeps = Pick<RepositoryDeps, 'settings' | 'authorizer'>;

export function objectOf({ project, url }: Pick<Repository, 'project' | 'url'>): string {
  return scopedObject(project, url);
}

/** Sorted by project and address. */
export function visibleRepositories(deps: FindDeps, kind: CredentialKind, user: Subject): readonly Repository[] {
  const mayGet = (repository: Repository) =>
    deps.authorizer(user, { resource: kind.resource, action: 'get', object: objectOf(repository) });
  return deps.settings
    .repositories()
    .filter((repository) => repository.secretType === kind.repository.type && mayGet(repository))
    .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

function sortKey({ project = '', url }: Repository): string {
  return `${project}/${url}`;
}

export interface RepositoryAddress {
  readonly url: string;
  /** Undefined: the only one of this address. */
  readonly project: string | undefined;
}

/** Missing and forbidden are the same 403, unless the caller may see the address in another project: then it is 404. */
export function findVisible(
  deps: FindDeps,
  kind: CredentialKind,
  { user, url, project }: RepositoryAddress & { readonly user: Subject },
): Repository {
  const found = visibleRepositories(deps, kind, user).filter((repository) => isSameGitUrl(repository.url, url));
  const [only] = found;
  if (only === undefined) throw new ApiError('permissionDenied', 'permission denied');
  if (!project && found.length === 1) return only;
  const chosen = found.find((repository) => (repository.project ?? '') === (project ?? ''));
  if (chosen !== undefined) return chosen;
  const places = found.map((repository) => repository.project ?? 'no project').join(', ');
  const text = `repository not found for url "${url}" and project "${project ?? ''}"; it is there for: ${places}`;
  throw new ApiError('notFound', text);
}

/** The Secret of exactly this address and project. */
export function findExact(
  { settings }: Pick<RepositoryDeps, 'settings'>,
  kind: CredentialKind,
  { url, project }: RepositoryAddress,
): Repository | undefined {
  return settings
    .repositories()
    .find(
      (repository) =>
        repository.secretType === kind.repository.type &&
        (repository.project ?? '') === (project ?? '') &&
        isSameGitUrl(repository.url, url),
    );
}
