/** GenerateManifests: all sources of an application, side by side. */
import { createHash } from 'node:crypto';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type ApplicationSource, GitOpsError, isGitOpsError } from '@tiphys/model';
import {
  type GenerateManifestsRequest,
  type GenerateManifestsResponse,
  GenerateManifestsResponseSchema,
  type ManifestSchema,
  type RenderedSourceSchema,
  RepositoriesNeededError,
  type Source,
} from '@tiphys/proto';
import type { Reference, SourcePlace } from '../manifests/open-source.js';
import type { RenderSource, SourceManifests } from '../manifests/render-source.js';
import { toGitRights } from './remotes.js';
import {
  toApplicationSource,
  toCacheMode,
  toChartRights,
  toFilesPlace,
  toPlace,
  toRenderApplication,
  toRenderSettings,
} from './requests.js';

export interface GenerateDeps {
  readonly renderSource: RenderSource;
  /** Of the control plane. */
  readonly namespace: string;
}

/** Nothing partial is ever answered: one failing source fails the call. */
export async function generateManifests(
  deps: GenerateDeps,
  request: GenerateManifestsRequest,
  signal: AbortSignal,
): Promise<GenerateManifestsResponse> {
  if (request.sources.length === 0) {
    throw new GitOpsError(
      'InvalidSpec',
      `Application ${request.appName} has no source. Set spec.source or spec.sources.`,
    );
  }
  const rendered = await Promise.all(
    request.sources.map((source, index) => renderOne({ deps, request, source, index }, signal)),
  );
  const manifests = rendered.flatMap(({ result }, sourceIndex) =>
    result.manifests.map((manifest): MessageInitShape<typeof ManifestSchema> => ({ ...manifest, sourceIndex })),
  );
  return create(GenerateManifestsResponseSchema, {
    manifests,
    sources: rendered.map(describeSource),
    manifestHash: hashOf(rendered),
    warnings: rendered.flatMap(({ result, resolved }) => [
      ...(resolved.stale === undefined ? [] : [resolved.stale]),
      ...result.warnings,
    ]),
  });
}

interface OneSource {
  readonly deps: GenerateDeps;
  readonly request: GenerateManifestsRequest;
  readonly source: Source;
  readonly index: number;
}

async function renderOne(one: OneSource, signal: AbortSignal): Promise<SourceManifests> {
  const { deps, request, source, index } = one;
  try {
    const spec = toApplicationSource(source.applicationSource);
    return await deps.renderSource(
      {
        place: placeOf(one, spec),
        source: spec,
        revision: source.revision,
        cacheMode: toCacheMode(request.cacheMode),
        resolvedAfterMs: Number(request.resolvedAfterMs),
        settings: toRenderSettings(request.settings),
        application: toRenderApplication(request, deps.namespace),
        references: toReferences(request),
        chartRights: toChartRights(request),
      },
      signal,
    );
  } catch (error) {
    if (request.sources.length === 1 || !isGitOpsError(error) || error instanceof RepositoriesNeededError) throw error;
    const message = `Source ${index + 1} of ${request.sources.length}: ${error.message}`;
    throw new GitOpsError(error.code, message, { cause: error, retry: error.retry });
  }
}

function placeOf({ request, source, index }: OneSource, spec: ApplicationSource): SourcePlace {
  const { localFiles, settings } = request;
  if (localFiles !== undefined && index === 0) return toFilesPlace(localFiles, settings);
  const passCredentials = spec.helm?.passCredentials;
  return toPlace(source.repository, { ...spec, passCredentials, settings, rights: toGitRights(request) });
}

/** The sources that lend their files to others (A05). @throws GitOpsError InvalidSpec for a name given twice. */
export function toReferences(request: GenerateManifestsRequest): ReadonlyMap<string, Reference> {
  const references = new Map<string, Reference>();
  for (const source of request.sources) {
    const { ref, chart, targetRevision, tagPrefix } = toApplicationSource(source.applicationSource);
    if (!ref) continue;
    const name = ref.replace(/^\$/, '');
    if (references.has(name)) {
      throw new GitOpsError('InvalidSpec', `Two sources have the ref "${name}". Rename one of them.`);
    }
    references.set(name, {
      place: toPlace(source.repository, { chart, settings: request.settings, rights: toGitRights(request) }),
      asked: {
        revision: source.revision || targetRevision || '',
        named: targetRevision,
        tagPrefix,
        cacheMode: toCacheMode(request.cacheMode),
        resolvedAfterMs: Number(request.resolvedAfterMs),
      },
    });
  }
  return references;
}

function describeSource(rendered: SourceManifests): MessageInitShape<typeof RenderedSourceSchema> {
  const { resolved, sourceType, key, cached } = rendered;
  return {
    revision: resolved.commit,
    sourceType,
    key,
    cached,
    stale: resolved.stale !== undefined,
    ...(resolved.resolvedAt === undefined ? {} : { resolvedAt: timestampFromDate(resolved.resolvedAt) }),
  };
}

function hashOf(rendered: readonly SourceManifests[]): string {
  const hash = createHash('sha256');
  for (const { result } of rendered) {
    for (const { json } of result.manifests) hash.update(json).update('\n');
    hash.update('\0');
  }
  return hash.digest('hex');
}
