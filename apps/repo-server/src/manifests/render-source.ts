/** One source of an application to manifests: revision, tree, read set, cache, and a render only when nothing else helps. */
import { createHash } from 'node:crypto';
import { type ResolvedRevision, remoteKey } from '@tiphys/git';
import {
  canonicalJson,
  type Plugins,
  planRender,
  type ReadSet,
  type RemoteRepositories,
  type RenderApplication,
  type RenderPlan,
  type RenderResult,
  type RenderSettings,
  readSetHolds,
  type SourceTree,
  type Toolbox,
} from '@tiphys/manifests';
import { type ApplicationSource, isGitOpsError, type SourceType } from '@tiphys/model';
import { RepositoriesNeededError } from '@tiphys/proto';
import { createSemaphore, singleFlight } from '@tiphys/runtime';
import type { ChartRights } from '../charts/chart-trees.js';
import type { RepoServerMetrics } from '../metrics.js';
import { createByteLru } from './byte-lru.js';
import type { Failures } from './failures.js';
import { withoutPlugins } from './local-files.js';
import type { ManifestCache } from './manifest-cache.js';
import { type OpenDeps, openPlace, openReferences, type Reference, type SourcePlace } from './open-source.js';
import { remoteTrees } from './remote-trees.js';

export type CacheMode = 'normal' | 'resolve' | 'hard';

export interface SourceRequest {
  readonly place: SourcePlace;
  readonly source: ApplicationSource;
  /** Empty: the source's targetRevision. */
  readonly revision: string;
  readonly cacheMode: CacheMode;
  readonly resolvedAfterMs: number;
  readonly settings: RenderSettings;
  readonly application: RenderApplication;
  /** Other sources of the application by their `ref`. */
  readonly references: ReadonlyMap<string, Reference>;
  readonly chartRights: ChartRights;
}

export interface SourceManifests {
  readonly resolved: ResolvedRevision;
  readonly sourceType: SourceType;
  readonly key: string;
  readonly cached: boolean;
  readonly result: RenderResult;
}

export interface RenderDeps extends OpenDeps {
  readonly cache: ManifestCache;
  readonly failures: Failures;
  readonly tools: Toolbox;
  readonly plugins: Plugins;
  readonly metrics: Pick<RepoServerMetrics, 'render'>;
  /** Renders at a time. */
  readonly concurrency: number;
}

export type RenderSource = (request: SourceRequest, signal: AbortSignal) => Promise<SourceManifests>;

/** What the last plan of a source found: enough to recognise that a new commit did not touch it. */
interface SourceRecord {
  readonly sourceType: SourceType;
  readonly key: string;
  readonly readSet: ReadSet;
}

/** Kept in this process only: planning again costs tree look-ups, while storing one record per commit and source would not be free. */
const MAX_RECORDED_PATHS = 100_000;

export function createRenderSource(deps: RenderDeps): RenderSource {
  const records = createByteLru<SourceRecord>(MAX_RECORDED_PATHS);
  const renders = singleFlight();
  const places = createSemaphore(deps.concurrency);

  const renderOnce = (plan: RenderPlan): Promise<RenderResult> =>
    renders.run(plan.key, async () => {
      try {
        const result = await places.run(() => plan.render(NEVER));
        deps.failures.succeeded(plan.key);
        await deps.cache.set(plan.key, result);
        return result;
      } catch (error) {
        if (isGitOpsError(error) && error.code === 'ManifestGeneration') deps.failures.failed(plan.key, error);
        throw error;
      }
    });

  const render = async (plan: RenderPlan, force: boolean): Promise<Rendered> => {
    if (!force) {
      const cached = await deps.cache.get(plan.key);
      if (cached !== undefined) return { result: cached, cached: true };
      const failure = deps.failures.paused(plan.key);
      if (failure !== undefined) throw failure;
    }
    return { result: await renderOnce(plan), cached: false };
  };

  return async (request, signal) => {
    const { source, settings, application } = request;
    const asked = {
      ...request,
      revision: request.revision || source.targetRevision || '',
      tagPrefix: source.tagPrefix,
      named: source.targetRevision,
    };
    const { resolved, tree } = await openPlace(deps, { place: request.place, asked }, signal);
    const references = openReferences(deps, request.references, signal);
    // A plugin that comes may be for sources that were something else before.
    const plugins = pluginsFor(deps, request);
    const recordKey = keyOf(request, await plugins.names());
    const force = request.cacheMode === 'hard';
    const unchanged = force
      ? undefined
      : await findUnchanged(deps, { tree, references, record: records.get(recordKey) });
    if (unchanged !== undefined) {
      deps.metrics.render('cached');
      return { ...unchanged, resolved, cached: true };
    }
    try {
      const charts = { ...request.chartRights, client: deps.charts.client };
      const remotes = remotesOf(deps, request, signal);
      const inputs = { tree, source, settings, application, tools: deps.tools, plugins, references, charts, signal };
      const plan = await planRender({ ...inputs, ...(remotes === undefined ? {} : { remotes }) });
      const rendered = await render(plan, force);
      if (plan.dependsOnCommit !== true) records.set(recordKey, plan, plan.readSet.length + 1);
      deps.metrics.render(rendered.cached ? 'cached' : 'rendered');
      return { resolved, sourceType: plan.sourceType, key: plan.key, ...rendered };
    } catch (error) {
      if (!(error instanceof RepositoriesNeededError)) deps.metrics.render('failed');
      throw error;
    }
  };
}

function pluginsFor({ plugins }: RenderDeps, { place }: SourceRequest): Plugins {
  return place.kind === 'files' ? withoutPlugins(plugins) : plugins;
}

function remotesOf(deps: RenderDeps, request: SourceRequest, signal: AbortSignal): RemoteRepositories | undefined {
  const { place, cacheMode, resolvedAfterMs } = request;
  if (place.kind === 'files' || place.kind === 'chart' || place.rights === undefined) return undefined;
  const { rights } = place;
  // The credentials of a registry are for nothing else.
  const own = place.kind === 'git' ? place.remote : { url: place.repository.url, credentials: {} };
  return remoteTrees({ git: deps.git, own, rights, cacheMode, resolvedAfterMs }, signal);
}

interface Rendered {
  readonly result: RenderResult;
  readonly cached: boolean;
}

/** A render is shared: it goes on for the others when one caller gives up. Its limits end it. */
const NEVER = new AbortController().signal;

interface Known {
  readonly tree: SourceTree;
  readonly references: ReadonlyMap<string, SourceTree>;
  readonly record: SourceRecord | undefined;
}

async function findUnchanged(
  deps: RenderDeps,
  { tree, references, record }: Known,
): Promise<Omit<SourceManifests, 'resolved' | 'cached'> | undefined> {
  if (record === undefined || !(await readSetHolds(tree, record.readSet, references))) return undefined;
  const result = await deps.cache.get(record.key);
  return result === undefined ? undefined : { sourceType: record.sourceType, key: record.key, result };
}

/** The source without its revision: the record must be found again for the next commit. */
function keyOf(request: SourceRequest, plugins: readonly string[]): string {
  const { place, source, settings, application, references } = request;
  const { targetRevision: _revision, tagPrefix: _prefix, name: _name, ref: _ref, ...parameters } = source;
  const lenders = [...references].map(([name, reference]) => [name, placeKey(reference.place)]);
  const text = canonicalJson([placeKey(place), parameters, settings, application, lenders, plugins]);
  return createHash('sha256').update(text).digest('base64url');
}

/** Of the place and the credentials that it is read with. */
function placeKey(place: SourcePlace): unknown {
  if (place.kind === 'git') return remoteKey(place.remote);
  if (place.kind === 'files') return ['files', place.checksum];
  return place.kind === 'chart' ? [place.chart, place.repository] : ['oci', place.repository];
}
