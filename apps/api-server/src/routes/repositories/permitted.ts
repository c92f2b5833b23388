/** Whether a project may use a repository at all (F01, F07): details of a repository are shown to nobody else. */
import { isSourcePermitted } from '@tiphys/gitops-engine';
import { type AppProject, isSameGitUrl } from '@tiphys/model';
import { ApiError } from '../../errors.js';
import type { RepositoryDeps } from './deps.js';

export interface ProjectQuestion {
  readonly name: string;
  readonly url: string;
}

/** Throws `permissionDenied`. The project's own repositories need no entry in `sourceRepos`. */
export function permittedProject(deps: RepositoryDeps, { name, url }: ProjectQuestion): AppProject {
  const project = deps.applications.projects.get(name);
  if (project === undefined) throw new ApiError('permissionDenied', 'permission denied');
  const isOwn = deps.settings
    .repositories()
    .some((repository) => repository.project === name && isSameGitUrl(repository.url, url));
  if (isOwn || isSourcePermitted(project, url)) return project;
  throw new ApiError('permissionDenied', `repository '${url}' not permitted in project '${name}'`);
}
