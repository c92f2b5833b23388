/** What can be set for a source, for the forms of user interfaces (N11). */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from '@bufbuild/protobuf';
import type { AppDetails, AppDetailsQuery, repositoryRoutes } from '@tiphys/api-contract';
import { ANNOTATIONS, type Application, type ApplicationSource, appKey, sourcesOf } from '@tiphys/model';
import { createGetAppDetails } from '@tiphys/proto';
import { projectOf } from '../../applications/names.js';
import { authorize, scopedObject } from '../../auth/authorize.js';
import { ApiError } from '../../errors.js';
import type { Subject } from '../../http/context.js';
import type { Handler } from '../../http/handler.js';
import { readContents } from './connection.js';
import { openRepository } from './contents.js';
import type { RepositoryDeps } from './deps.js';
import { permittedProject } from './permitted.js';

type Routes = typeof repositoryRoutes;

export function createAppDetails(deps: RepositoryDeps): Handler<Routes['appDetails']['schemas']> {
  const getAppDetails = createGetAppDetails(deps.repoServer);
  return async ({ params, body }, { user, signal }): Promise<AppDetails> => {
    if (body.source === undefined) throw new ApiError('invalidArgument', 'missing payload in request: name the source');
    const source = { ...body.source, repoURL: params.repo } as ApplicationSource;
    const { appProject = '' } = body;
    const repository = openRepository(deps, { user, url: source.repoURL, appProject });
    const application = applicationOf(deps, user, { ...body, source });
    permittedProject(deps, { name: appProject, url: source.repoURL });
    const connectionFor = (url: string) => deps.repositoryAccess.connection(url, appProject);
    const toSource = (one: ApplicationSource) => ({
      repository: connectionFor(one.repoURL),
      applicationSource: one as unknown as JsonObject,
    });
    const { name, namespace } = nameOf(deps, body.appName);
    const request = {
      source: { ...toSource(source), repository },
      appName: body.appName ?? '',
      application: {
        ...{ appName: name, appNamespace: namespace, project: appProject },
        destinationNamespace: application?.spec.destination.namespace ?? '',
        sources: (application === undefined ? [source] : sourcesOf(application.spec)).map(toSource),
        kubeVersion: await deps.kubeVersion(signal),
        manifestGeneratePaths: application?.metadata.annotations?.[ANNOTATIONS.manifestGeneratePaths] ?? '',
        ...deps.repositoryAccess.renderInputs(appProject),
      },
    };
    const answer = await readContents(deps, source.repoURL, () => getAppDetails({ connectionFor, request, signal }));
    return { ...answer.details, type: answer.type };
  };
}

interface Asked extends AppDetailsQuery {
  readonly source: ApplicationSource;
}

/**
 * The application that the source is of, when there is one: then the source must be one that it has or had, so that
 * nobody reads other folders in its name. Else the caller must be able to create it.
 */
function applicationOf(deps: RepositoryDeps, user: Subject, asked: Asked): Application | undefined {
  const { appName = '', appProject = '' } = asked;
  const object = scopedObject(appProject, appName);
  authorize(deps.authorizer, user, { resource: 'applications', action: 'get', object });
  const { name, namespace } = nameOf(deps, appName);
  const application = deps.applications.store.get(appKey(namespace, name))?.application;
  if (application === undefined) {
    authorize(deps.authorizer, user, { resource: 'applications', action: 'create', object });
    return undefined;
  }
  if (projectOf(application) !== appProject || !isOfApplication(application, asked)) {
    throw new ApiError('permissionDenied', 'permission denied');
  }
  return application;
}

/** `namespace/name`, or a name in the namespace of the control plane. */
function nameOf({ namespace }: RepositoryDeps, appName = ''): { readonly name: string; readonly namespace: string } {
  const slash = appName.indexOf('/');
  if (slash < 0) return { name: appName, namespace };
  return { namespace: appName.slice(0, slash), name: appName.slice(slash + 1) };
}

/** Sources of the history have the revision that was synced in place of the one that was asked for. */
function isOfApplication({ spec, status }: Application, { source, versionId, sourceIndex = 0 }: Asked): boolean {
  const same = (other: ApplicationSource) => isDeepStrictEqual(meaningful(source), meaningful(other));
  if (sourcesOf(spec).some(same)) return true;
  return (status?.history ?? []).some((entry) => {
    const several = entry.sources ?? [];
    if (several.length === 0) {
      return entry.source !== undefined && same({ ...entry.source, targetRevision: entry.revision ?? '' });
    }
    const [one, revision] = [several[sourceIndex], entry.revisions?.[sourceIndex]];
    if (entry.id !== Number(versionId) || one === undefined || revision === undefined) return false;
    return same({ ...one, targetRevision: revision });
  });
}

/** Without what is as good as absent: requests leave out what objects have as '', false, [] or {}, and the other way round. */
function meaningful(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaningful);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => [key, meaningful(item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => !isEmpty(item)));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
