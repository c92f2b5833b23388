/** Which applications a list or stream shows (N17). */
import { type ApplicationQuery, listOf } from '@tiphys/api-contract';
import { type Application, sourcesOf } from '@tiphys/model';
import { projectOf } from './names.js';
import { repositoryKey } from './repository-key.js';
import { parseSelector } from './selector.js';

export type ApplicationFilter = (application: Application) => boolean;

/** All given conditions must hold. Throws `invalidArgument` on a malformed selector. */
export function createFilter(query: ApplicationQuery): ApplicationFilter {
  const checks: ApplicationFilter[] = [];
  const { name, appNamespace, selector, repo } = query;
  const projects = new Set([...listOf(query.projects), ...listOf(query.project)]);
  if (name) checks.push(({ metadata }) => metadata.name === name);
  if (appNamespace) checks.push(({ metadata }) => metadata.namespace === appNamespace);
  if (projects.size > 0) checks.push((application) => projects.has(projectOf(application)));
  if (selector) {
    const matches = parseSelector(selector);
    checks.push(({ metadata }) => matches(metadata.labels ?? {}));
  }
  if (repo) {
    const wanted = repositoryKey(repo);
    checks.push(({ spec }) => sourcesOf(spec).some((source) => repositoryKey(source.repoURL) === wanted));
  }
  return (application) => checks.every((check) => check(application));
}
