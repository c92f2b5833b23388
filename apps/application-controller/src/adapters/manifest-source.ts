/** Manifests and revisions from the repo-server, with the credentials that the project may use. */

import type { JsonObject as StructJson } from '@bufbuild/protobuf';
import type { TargetManifest } from '@tiphys/gitops-engine';
import {
  ANNOTATIONS,
  type Application,
  type ApplicationSource,
  GitOpsError,
  type KubernetesObject,
} from '@tiphys/model';
import { createGenerateManifests, type RepoServerClient } from '@tiphys/proto';
import type { RenderInputs } from '@tiphys/settings';
import type { ManifestSource, RenderedManifests, RenderRequest } from '../ports.js';

type Repository = Awaited<Parameters<RepoServerClient['resolveRevision']>[0]>['repository'];

export interface ManifestSourceDeps {
  readonly client: RepoServerClient;
  /** Installation settings, charts and permitted sources of a project. */
  readonly renderInputs: (project: string) => RenderInputs;
  /** The repository with credentials, known hosts and CA for a URL in a project. */
  readonly repositoryFor: (url: string, project: string) => NonNullable<Repository>;
}

export function createManifestSource({ client, repositoryFor, renderInputs }: ManifestSourceDeps): ManifestSource {
  const generateManifests = createGenerateManifests(client);
  return {
    async generate(request, signal) {
      const { app } = request;
      const response = await generateManifests({
        connectionFor: (url) => repositoryFor(url, app.spec.project),
        request: {
          appName: app.metadata.name ?? '',
          appNamespace: app.metadata.namespace ?? '',
          project: app.spec.project,
          destinationNamespace: app.spec.destination.namespace ?? '',
          sources: request.sources.map((source, index) => sourceMessage(app, source, request.revisions[index])),
          cacheMode: request.cacheMode,
          resolvedAfterMs: BigInt(request.resolvedAfterMs),
          kubeVersion: request.kubeVersion,
          apiVersions: [...request.apiVersions],
          manifestGeneratePaths: app.metadata.annotations?.[ANNOTATIONS.manifestGeneratePaths] ?? '',
          ...renderInputs(app.spec.project),
        },
        signal,
      });
      return renderedFrom(response, request);
    },
    async resolveRevision(app, source, signal) {
      const answer = await client.resolveRevision(
        {
          repository: repositoryFor(source.repoURL, app.spec.project),
          revision: source.targetRevision ?? (source.chart === undefined ? 'HEAD' : '*'),
          tagPrefix: source.tagPrefix ?? '',
          chart: source.chart ?? '',
          cacheMode: 'resolve',
        },
        signal,
      );
      return answer.commit;
    },
  };

  function sourceMessage(app: Application, source: ApplicationSource, revision: string | undefined) {
    return {
      repository: repositoryFor(source.repoURL, app.spec.project),
      applicationSource: source as unknown as StructJson,
      revision: revision ?? '',
    };
  }
}

type GenerateResponse = Awaited<ReturnType<RepoServerClient['generateManifests']>>;

function renderedFrom(response: GenerateResponse, request: RenderRequest): RenderedManifests {
  if (response.sources.length !== request.sources.length) {
    throw new GitOpsError(
      'Internal',
      `the repo-server answered for ${response.sources.length} of ${request.sources.length} sources; run matching versions of all services`,
    );
  }
  const targets = response.manifests.map(
    (manifest): TargetManifest => ({
      object: JSON.parse(manifest.json) as KubernetesObject,
      origin: manifest.origin,
      sourceIndex: manifest.sourceIndex,
    }),
  );
  return {
    targets,
    revisions: response.sources.map((source) => source.revision),
    sourceTypes: response.sources.map((source) => source.sourceType),
    manifestHash: response.manifestHash,
    stale: response.sources.some(({ stale }) => stale),
    warnings: response.warnings,
  };
}
