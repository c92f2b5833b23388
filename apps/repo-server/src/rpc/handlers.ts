/** The methods of the service as plain functions of request and signal; gRPC is bound to them elsewhere. */
import { create, type MessageShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { GitReader } from '@tiphys/git';
import { listApps, type Plugins, type Toolbox } from '@tiphys/manifests';
import { GitOpsError, type SourceType } from '@tiphys/model';
import {
  GetRevisionMetadataResponseSchema,
  ListAppsResponseSchema,
  ListChartsResponseSchema,
  ListPluginsResponseSchema,
  ListRefsResponseSchema,
  type RepoServerService,
  type Repository,
  ResolveRevisionResponseSchema,
  TestRepositoryResponseSchema,
} from '@tiphys/proto';
import { type OpenDeps, resolvePlace } from '../manifests/open-source.js';
import type { RenderSource } from '../manifests/render-source.js';
import { signatureInfoOf } from '../manifests/source-integrity.js';
import { getAppDetailsWith } from './app-details.js';
import { generateManifests } from './generate-manifests.js';
import { getChartMetadataWith, getOciMetadataWith } from './metadata.js';
import { toRemote } from './remotes.js';
import { toCacheMode, toChartRepository, toPlace } from './requests.js';

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
      const place = toPlace(repository, {});
      if (place.kind === 'oci') {
        const tags = await artifacts.client.tags(place.repository, signal);
        return create(ListRefsResponseSchema, { tags: [...tags] });
      }
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
    getChartMetadata: getChartMetadataWith(deps),
    getOciMetadata: getOciMetadataWith(deps),
    listCharts: async ({ repository }, signal) => {
      if (repository === undefined) throw new GitOpsError('InvalidSpec', 'The request names no repository.');
      const listed = await charts.client.list(toChartRepository(repository), signal);
      return create(ListChartsResponseSchema, {
        charts: listed.map(({ name, versions }) => ({ name, versions: [...versions] })),
      });
    },
    getRevisionMetadata: async ({ repository, revision, sourceIntegrity }, signal) => {
      const remote = toRemote(repository);
      const resolved = await git.resolveRevision(remote, revision, { signal });
      const { date, ...metadata } = await git.commitMetadata(remote, resolved.commit, signal);
      return create(GetRevisionMetadataResponseSchema, {
        author: metadata.author,
        message: metadata.message,
        tags: [...metadata.tags],
        date: timestampFromDate(date),
        signatureInfo: await signatureInfoOf(git, { remote, resolved, integrity: sourceIntegrity }, signal),
      });
    },
    listPlugins: async () => create(ListPluginsResponseSchema, { names: [...(await deps.plugins.names())] }),
    testRepository: async ({ repository }, signal) => {
      if (repository?.type === 'helm' || repository?.type === 'oci' || repository?.url.startsWith('oci://') === true) {
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
