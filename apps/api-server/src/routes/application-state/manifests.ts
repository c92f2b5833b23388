/** Rendered manifests and commit metadata, from the repo-server (N02). */
import type { JsonObject } from '@bufbuild/protobuf';
import { type applicationStateRoutes, listOf, type ManifestsResponse } from '@tiphys/api-contract';
import { maskSecrets } from '@tiphys/gitops-engine';
import { ANNOTATIONS, type Application, type KubernetesObject, sourcesOf } from '@tiphys/model';
import { createGenerateManifests, type GenerateManifestsResponse } from '@tiphys/proto';
import { findApplication } from '../../applications/find.js';
import { projectOf } from '../../applications/names.js';
import { ApiError } from '../../errors.js';
import type { Handler } from '../../http/handler.js';
import { toJson } from '../../http/json.js';
import type { ApplicationStateDeps } from './deps.js';
import { sourceAt } from './source-at.js';

type Routes = typeof applicationStateRoutes;

export function createGetManifests(deps: ApplicationStateDeps): Handler<Routes['manifests']['schemas']> {
  const generateManifests = createGenerateManifests(deps.repoServer);
  return async ({ params, query }, { user, signal }) => {
    const { application } = findApplication(deps.applications, user, { ...query, name: params.name, action: 'get' });
    const revisions = askedRevisions(application, query);
    const project = projectOf(application);
    const sources = sourcesOf(application.spec).map((source, index) => ({
      repository: deps.repositoryAccess.connection(source.repoURL, project),
      applicationSource: source as unknown as JsonObject,
      revision: revisions[index] ?? '',
    }));
    const answer = await generateManifests({
      connectionFor: (url) => deps.repositoryAccess.connection(url, project),
      request: {
        ...(await renderRequest(deps, application, signal)),
        ...{ sources, cacheMode: query.noCache === true ? 'hard' : 'normal' },
      },
      signal,
    });
    return manifestsAnswer(deps, application, answer);
  };
}

/** Everything of a request but the sources: what rendering depends on beside them. */
export async function renderRequest(deps: ApplicationStateDeps, application: Application, signal: AbortSignal) {
  const { name = '', namespace = '', annotations } = application.metadata;
  const project = projectOf(application);
  return {
    ...{ appName: name, appNamespace: namespace, project },
    destinationNamespace: application.spec.destination.namespace ?? '',
    kubeVersion: await deps.kubeVersion(signal),
    manifestGeneratePaths: annotations?.[ANNOTATIONS.manifestGeneratePaths] ?? '',
    ...deps.repositoryAccess.renderInputs(project),
  };
}

/** Secret values never leave the API server (C15, S21). */
export function manifestsAnswer(
  deps: ApplicationStateDeps,
  { spec: { destination } }: Application,
  answer: GenerateManifestsResponse,
): ManifestsResponse {
  const { sensitiveAnnotations } = deps.settings.server();
  const masked = (object: KubernetesObject) => maskSecrets({ object }, sensitiveAnnotations).object ?? object;
  return {
    manifests: answer.manifests.map(({ json }) => toJson(masked(JSON.parse(json) as KubernetesObject))),
    namespace: destination.namespace ?? '',
    server: destination.server ?? '',
    ...firstOf(answer.sources),
    commands: [],
  };
}

/** Argo CD's answer has room for one source. */
function firstOf([first]: readonly { readonly revision: string; readonly sourceType: string }[]) {
  return { revision: first?.revision ?? '', sourceType: first?.sourceType ?? '' };
}

interface RevisionsQuery {
  readonly revision?: string;
  readonly revisions?: string | string[];
  readonly sourcePositions?: string | string[];
}

/** '' where the spec's own revision is meant. `sourcePositions` count from 1. */
function askedRevisions({ spec }: Application, query: RevisionsQuery): readonly string[] {
  const positions = listOf(query.sourcePositions).map(Number);
  const revisions = listOf(query.revisions);
  if (positions.length !== revisions.length) {
    throw new ApiError('invalidArgument', 'revisions and sourcePositions must have the same length');
  }
  return sourcesOf(spec).map(
    (_, index) => revisions[positions.indexOf(index + 1)] ?? (index === 0 ? (query.revision ?? '') : ''),
  );
}

export function createGetRevisionMetadata(deps: ApplicationStateDeps): Handler<Routes['revisionMetadata']['schemas']> {
  return async ({ params, query }, { user, signal }) => {
    const { application } = findApplication(deps.applications, user, { ...query, name: params.name, action: 'get' });
    const source = sourceAt(application, query.sourceIndex ?? 0, query.versionId);
    const project = projectOf(application);
    const repository = deps.repositoryAccess.connection(source.repoURL, project);
    const { sourceIntegrity } = deps.repositoryAccess.renderInputs(project);
    const question = { repository, revision: params.revision };
    const answer = await deps.repoServer.getRevisionMetadata(
      sourceIntegrity === undefined ? question : { ...question, sourceIntegrity },
      signal,
    );
    const { author, message, tags, date, signatureInfo } = answer;
    const seconds = date === undefined ? undefined : new Date(Number(date.seconds) * 1000).toISOString();
    return {
      ...{ author, message, tags: [...tags] },
      ...(seconds === undefined ? {} : { date: seconds.replace('.000Z', 'Z') }),
      ...(signatureInfo === '' ? {} : { signatureInfo }),
    };
  };
}
