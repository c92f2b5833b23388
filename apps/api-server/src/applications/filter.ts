/** Which applications a list or stream shows (N17). */
import { type ApplicationFilter, listOf } from '@tiphys/api-contract';
import { type Application, sourcesOf } from '@tiphys/model';
import { type ClusterNameOf, facetsOf, failedFacets } from './facets.js';
import { repositoryKey } from './repository-key.js';
import { parseSelector } from './selector.js';

type Check = (application: Application) => boolean;

/** All given conditions must hold. Throws `invalidArgument` on a malformed selector. */
export function createFilter(query: ApplicationFilter, clusterNameOf: ClusterNameOf): Check {
  const matches = createBaseFilter(query);
  const facets = facetsOf(query, clusterNameOf);
  return (application) => matches(application) && failedFacets(facets, application).length === 0;
}

/** The conditions that are no facets: what they leave out is not counted either. */
export function createBaseFilter(query: ApplicationFilter): Check {
  const checks: Check[] = [];
  const { name, appNamespace, selector, repo, search } = query;
  const namespaces = new Set(listOf(query.namespace));
  if (name) checks.push(({ metadata }) => metadata.name === name);
  if (appNamespace) checks.push(({ metadata }) => metadata.namespace === appNamespace);
  if (namespaces.size > 0) checks.push(({ spec }) => namespaces.has(spec.destination.namespace ?? ''));
  if (search) {
    const wanted = search.toLowerCase();
    checks.push(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`.toLowerCase().includes(wanted));
  }
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
