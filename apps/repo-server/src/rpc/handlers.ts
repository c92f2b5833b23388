/** The methods of the service as plain functions of request and signal; gRPC is bound to them elsewhere. */
import { create, type JsonObject, type MessageShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { GitReader } from '@tiphys/git';
import {
  detectSourceType,
  explicitSourceType,
  listApps,
  normalizeSourcePath,
  type Plugins,
  pluginParameters,
  type Toolbox,
} from '@tiphys/manifests';
import { GitOpsError, type SourceType } from '@tiphys/model';
import {
  GetAppDetailsResponseSchema,
  GetRevisionMetadataResponseSchema,
  ListAppsResponseSchema,
  ListRefsResponseSchema,
  type RepoServerService,
  type Repository,
  ResolveRevisionResponseSchema,
  TestRepositoryResponseSchema,
} from '@tiphys/proto';
import { type OpenDeps, resolvePlace } from '../manifests/open-source.js';
import type { RenderSource } from '../manifests/render-source.js';
import { generateManifests } from './generate-manifests.js';
import {
  toApplicationSource,
  toCacheMode,
  toChartRepository,
  toPlace,
  toRemote,
  toRenderSettings,
} from './requests.js';

type Methods = typeof RepoServerService.method;
export type Handlers = {
  readonly [K in keyof Methods]: (
    request: MessageShape<Methods[K]['input']>,
    signal: AbortSignal,
  ) => Promise<MessageShape<Methods[K]['output']>>;
};

export interface HandlerDeps {
  readonly git: GitReader;
  readonly charts: OpenDeps['charts'];
  readonly artifacts: OpenDeps['artifacts'];
  readonly renderSource: RenderSource;
  readonly tools: Toolbox;
  readonly plugins: Plugins;
  /** Of the control plane. */
  readonly namespace: string;
}

export function createHandlers(deps: HandlerDeps): Handlers {
  const { git, charts, artifacts, renderSource, namespace } = deps;
  return {
    generateManifests: (request, signal) => generateManifests({ renderSource, namespace }, request, signal),
    resolveRevision: resolveRevisionWith({ git, charts, artifacts }),
    listRefs: async ({ repository }, signal) => {
      const refs = await git.listRefs(toRemote(repository), signal);
      return create(ListRefsResponseSchema, {
        branches: shortNames(refs, 'refs/heads/'),
        tags: shortNames(refs, 'refs/tags/'),
      });
    },
    listApps: async ({ repository, revision }, signal) => {
      const tree = await openTree(git, { repository, revision }, signal);
      const apps: [string, SourceType][] = [...(await listApps(tree, signal))];
      return create(ListAppsResponseSchema, { apps: Object.fromEntries(apps) });
    },
    getAppDetails: getAppDetailsWith(deps),
    getRevisionMetadata: async ({ repository, revision }, signal) => {
      const remote = toRemote(repository);
      const { commit } = await git.resolveRevision(remote, revision, { signal });
      const { date, ...metadata } = await git.commitMetadata(remote, commit, signal);
      return create(GetRevisionMetadataResponseSchema, {
        author: metadata.author,
        message: metadata.message,
        tags: [...metadata.tags],
        date: timestampFromDate(date),
      });
    },
    testRepository: async ({ repository }, signal) => {
      if (repository?.type === 'helm' || repository?.type === 'oci') {
        await charts.client.test(toChartRepository(repository), signal);
        return create(TestRepositoryResponseSchema, { verified: true });
      }
      await git.testConnection(toRemote(repository), signal);
      return create(TestRepositoryResponseSchema, { verified: true });
    },
  };
}

function resolveRevisionWith(deps: OpenDeps): Handlers['resolveRevision'] {
  return async (request, signal) => {
    const place = toPlace(request.repository, request);
    const asked = request.revision || (place.kind === 'chart' ? '*' : 'HEAD');
    const cacheMode = toCacheMode(request.cacheMode) === 'normal' ? 'normal' : 'resolve';
    const { tagPrefix } = request;
    const question = {
      revision: asked,
      tagPrefix,
      cacheMode,
      resolvedAfterMs: Number(request.resolvedAfterMs),
    } as const;
    const resolved = await resolvePlace(deps, { place, asked: question }, signal);
    const { commit, ref, resolvedAt, stale } = resolved;
    return create(ResolveRevisionResponseSchema, {
      commit,
      ref: ref ?? '',
      ambiguousRevision: asked === commit ? commit : `${asked} (${commit})`,
      stale: stale !== undefined,
      warning: stale ?? '',
      ...(resolvedAt === undefined ? {} : { resolvedAt: timestampFromDate(resolvedAt) }),
    });
  };
}

function getAppDetailsWith({ git, tools, plugins }: HandlerDeps): Handlers['getAppDetails'] {
  return async ({ source, appName }, signal) => {
    if (source === undefined) throw new GitOpsError('InvalidSpec', 'The request names no source.');
    const spec = toApplicationSource(source.applicationSource);
    const revision = source.revision || spec.targetRevision || 'HEAD';
    const tree = await openTree(git, { repository: source.repository, revision }, signal);
    const path = normalizeSourcePath(spec.path ?? '');
    if ((await tree.entry(path))?.kind !== 'tree') {
      throw new GitOpsError('NotFound', `"${path}" is not a folder in revision ${revision}. Check the path.`);
    }
    const application = { ...NO_APPLICATION, name: appName };
    const settings = toRenderSettings(undefined);
    const announced = await pluginParameters({ tree, source: spec, settings, application, tools, plugins, signal });
    const type = announced ? 'Plugin' : (explicitSourceType(spec) ?? detectSourceType(await tree.list(path)));
    const own = announced === undefined ? {} : { parametersAnnouncement: announced };
    const details = { type, [type.toLowerCase()]: own } as unknown as JsonObject;
    return create(GetAppDetailsResponseSchema, { type, details });
  };
}

/** Details are of a source, before there is an application. */
const NO_APPLICATION = { name: '', project: '', destinationNamespace: '', kubeVersion: '', apiVersions: [] };

interface Place {
  readonly repository: Repository | undefined;
  readonly revision: string;
}

async function openTree(git: GitReader, { repository, revision }: Place, signal: AbortSignal) {
  const remote = toRemote(repository);
  return git.openCommit(remote, await git.resolveRevision(remote, revision, { signal }), signal);
}

function shortNames(refs: readonly { readonly name: string }[], prefix: string): string[] {
  return refs.filter(({ name }) => name.startsWith(prefix)).map(({ name }) => name.slice(prefix.length));
}
