/** GetAppDetails: what can be set for a source, in the shape of Argo CD's RepoAppDetailsResponse. */
import { create, type JsonObject } from '@bufbuild/protobuf';
import { describeSource, normalizeSourcePath, type Plugins, type SourceTree, type Toolbox } from '@tiphys/manifests';
import { GitOpsError, isGitOpsError } from '@tiphys/model';
import { GenerateManifestsRequestSchema, type GetAppDetailsRequest, GetAppDetailsResponseSchema } from '@tiphys/proto';
import { type OpenDeps, openPlace, openReferences, type SourcePlace } from '../manifests/open-source.js';
import type { RenderSource, SourceRequest } from '../manifests/render-source.js';
import { toReferences } from './generate-manifests.js';
import type { Handlers } from './handlers.js';
import { toGitRights } from './remotes.js';
import { toApplicationSource, toChartRights, toPlace, toRenderApplication, toRenderSettings } from './requests.js';

export interface AppDetailsDeps extends OpenDeps {
  readonly renderSource: RenderSource;
  readonly tools: Toolbox;
  readonly plugins: Plugins;
  /** Of the control plane. */
  readonly namespace: string;
}

/** Renders only kustomizations, to find their images, and from the cache where possible. */
export function getAppDetailsWith(deps: AppDetailsDeps): Handlers['getAppDetails'] {
  return async (request, signal) => {
    const asked = toRequest(deps, request);
    const { tree } = await openPlace(deps, { place: asked.place, asked }, signal);
    await assertFolder(tree, asked);
    const references = openReferences(deps, asked.references, signal);
    const charts = { ...asked.chartRights, client: deps.charts.client };
    const { tools, plugins } = deps;
    const details = await describeSource({ ...asked, tree, references, charts, tools, plugins, signal });
    const { type } = details;
    const own = {
      Helm: { helm: details.helm ?? {} },
      Kustomize: { kustomize: type === 'Kustomize' ? { images: await imagesOf(deps, asked, signal) } : {} },
      Directory: { directory: {} },
      Plugin: { plugin: { parametersAnnouncement: details.parametersAnnouncement ?? [] } },
    }[type];
    return create(GetAppDetailsResponseSchema, { type, details: { type, ...own } as unknown as JsonObject });
  };
}

interface DetailsRequest extends SourceRequest {
  readonly place: SourcePlace;
}

function toRequest(deps: AppDetailsDeps, { source, appName, application }: GetAppDetailsRequest): DetailsRequest {
  if (source === undefined) throw new GitOpsError('InvalidSpec', 'The request names no source.');
  const spec = toApplicationSource(source.applicationSource);
  // Without an application nothing says what its project permits: then nothing else is fetched.
  const context = application ?? create(GenerateManifestsRequestSchema, { appName, permittedSources: ['!*'] });
  const { settings } = context;
  return {
    place: toPlace(source.repository, {
      ...spec,
      passCredentials: spec.helm?.passCredentials,
      settings,
      rights: toGitRights(context),
    }),
    source: spec,
    revision: source.revision || spec.targetRevision || '',
    cacheMode: 'normal',
    resolvedAfterMs: 0,
    settings: toRenderSettings(settings),
    application: { ...toRenderApplication(context, deps.namespace), ...(application ? {} : { name: appName }) },
    references: toReferences(context),
    chartRights: toChartRights({ ...context, sources: [source, ...context.sources] }),
  };
}

async function assertFolder(tree: SourceTree, { source, revision }: DetailsRequest): Promise<void> {
  const path = source.chart ? '' : normalizeSourcePath(source.path ?? '');
  if ((await tree.entry(path))?.kind === 'tree' || path === '') return;
  const message = `"${path}" is not a folder in revision ${revision || tree.commit}. Check the path.`;
  throw new GitOpsError('NotFound', message);
}

/** Of what is rendered. A kustomization that cannot be rendered has details all the same. */
async function imagesOf(deps: AppDetailsDeps, asked: DetailsRequest, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const { result } = await deps.renderSource(asked, signal);
    const images = result.manifests.flatMap(({ json }) => containerImages(JSON.parse(json)));
    return [...new Set(images)].sort();
  } catch (error) {
    if (isGitOpsError(error) && error.code === 'ManifestGeneration') return [];
    throw error;
  }
}

const CONTAINERS = ['containers', 'initContainers'];

function containerImages(value: unknown, key = ''): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Array.isArray(value)
    ? value.flatMap((item: unknown) => containerImages(item))
    : Object.entries(value).flatMap(([name, item]) => containerImages(item, name));
  if (!CONTAINERS.includes(key) || !Array.isArray(value)) return below;
  const images = value.map((item: unknown) => (item as { image?: unknown } | null)?.image);
  return [...below, ...images.filter((image) => typeof image === 'string')];
}
