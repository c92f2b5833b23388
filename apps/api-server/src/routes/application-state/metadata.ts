/** What charts and folders of registries say about themselves, for one revision of an application (N02, B28). */
import type { applicationStateRoutes } from '@tiphys/api-contract';
import { findApplication } from '../../applications/find.js';
import { projectOf } from '../../applications/names.js';
import type { Handler } from '../../http/handler.js';
import type { ApplicationStateDeps } from './deps.js';
import { sourceAt } from './source-at.js';

type Routes = typeof applicationStateRoutes;

export function createGetChartDetails(deps: ApplicationStateDeps): Handler<Routes['chartDetails']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const { application } = findApplication(deps.applications, user, { ...query, name: params.name, action: 'get' });
    const source = sourceAt(application, query.sourceIndex ?? 0, query.versionId);
    const repository = deps.repositoryAccess.connection(source.repoURL, projectOf(application));
    const asked = { repository, chart: source.chart ?? '', revision: params.revision };
    const { description, home, maintainers } = await deps.repoServer.getChartMetadata(asked, signal);
    return { description, home, maintainers: [...maintainers] };
  };
}

export function createGetOciMetadata(deps: ApplicationStateDeps): Handler<Routes['ociMetadata']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const { application } = findApplication(deps.applications, user, { ...query, name: params.name, action: 'get' });
    const source = sourceAt(application, query.sourceIndex ?? 0, query.versionId);
    const repository = deps.repositoryAccess.connection(source.repoURL, projectOf(application));
    const answer = await deps.repoServer.getOciMetadata({ repository, revision: params.revision }, signal);
    const { createdAt, authors, imageUrl, docsUrl, sourceUrl, version, description } = answer;
    return { createdAt, authors, imageUrl, docsUrl, sourceUrl, version, description };
  };
}
