/** From where a source is to its tree: a commit of a Git repository, a version of a chart, or a folder of a registry. */
import type { GitReader, GitRemote, ResolvedRevision } from '@tiphys/git';
import type { ArtifactClient, ChartClient, ChartRepository, SourceTree } from '@tiphys/manifests';
import { GitOpsError } from '@tiphys/model';
import type { ArtifactLimits, ArtifactTrees } from '../charts/artifact-trees.js';
import type { ChartTrees } from '../charts/chart-trees.js';
import { type GitRights, openWithSubmodules } from './git-rights.js';
import { type LocalFilesPlace, openLocalFiles } from './local-files.js';
import { verifyIntegrity } from './source-integrity.js';

export type SourcePlace = LocalFilesPlace | RemotePlace;

export type RemotePlace =
  | { readonly kind: 'git'; readonly remote: GitRemote; readonly rights: GitRights | undefined }
  | { readonly kind: 'chart'; readonly repository: ChartRepository; readonly chart: string }
  /** The URL names the folder (B27). */
  | {
      readonly kind: 'oci';
      readonly repository: ChartRepository;
      readonly limits: ArtifactLimits;
      readonly rights: GitRights | undefined;
    };

export interface Asked {
  /** Empty: HEAD, or the newest version. */
  readonly revision: string;
  readonly tagPrefix?: string | undefined;
  /** The source's own revision, where `revision` may be a commit that was found by it. */
  readonly named?: string | undefined;
  readonly cacheMode: 'normal' | 'resolve' | 'hard';
  readonly resolvedAfterMs: number;
}

export interface OpenDeps {
  readonly git: GitReader;
  readonly artifacts: { readonly client: ArtifactClient; readonly trees: ArtifactTrees };
  readonly charts: { readonly client: ChartClient; readonly trees: ChartTrees };
}

export interface OpenedSource {
  readonly resolved: ResolvedRevision;
  readonly tree: SourceTree;
}

/** For charts, `commit` is the version; for folders of a registry, the digest. */
export function resolvePlace(
  { git, charts, artifacts }: OpenDeps,
  { place, asked }: { readonly place: RemotePlace; readonly asked: Asked },
  signal: AbortSignal,
): Promise<ResolvedRevision> {
  if (place.kind === 'chart') return resolveChart(charts.client, { place, asked }, signal);
  if (place.kind === 'oci') return resolveArtifact(artifacts.client, { place, asked }, signal);
  return git.resolveRevision(place.remote, asked.revision || 'HEAD', {
    mode: asked.cacheMode === 'normal' ? 'normal' : 'resolve',
    resolvedAfterMs: asked.resolvedAfterMs,
    signal,
    ...(asked.tagPrefix ? { tagPrefix: asked.tagPrefix } : {}),
  });
}

export async function openPlace(
  deps: OpenDeps,
  where: { readonly place: SourcePlace; readonly asked: Asked },
  signal: AbortSignal,
): Promise<OpenedSource> {
  const { place, asked } = where;
  if (place.kind === 'files') return openLocalFiles(place);
  const resolved = await resolvePlace(deps, { place, asked }, signal);
  if (place.kind === 'git')
    return { resolved, tree: await openGit(deps, { place, asked: where.asked, resolved }, signal) };
  if (place.kind === 'oci') {
    const pinned = { repository: place.repository, digest: resolved.commit };
    return { resolved, tree: await deps.artifacts.trees.open(pinned, place.limits, signal) };
  }
  const question = { repository: place.repository, chart: place.chart, version: resolved.commit };
  return { resolved, tree: await deps.charts.trees.open(question, signal) };
}

interface GitQuery {
  readonly place: SourcePlace & { readonly kind: 'git' };
  readonly asked: Asked;
  readonly resolved: ResolvedRevision;
}

/** Nothing of a commit is read before its signature was found to be good enough. */
async function openGit(
  { git }: OpenDeps,
  { place, asked, resolved }: GitQuery,
  signal: AbortSignal,
): Promise<SourceTree> {
  const { remote, rights } = place;
  const named = { revision: asked.named ?? '', tagPrefix: asked.tagPrefix };
  await verifyIntegrity(git, { remote, resolved, named, integrity: rights?.integrity }, signal);
  const tree = await git.openCommit(remote, resolved, signal);
  if (rights === undefined) return tree;
  return openWithSubmodules(tree, { own: remote, rights }, (other, commit) =>
    git.openCommit(other, { commit, ref: undefined }, signal),
  );
}

interface ChartQuery {
  readonly place: SourcePlace & { readonly kind: 'chart' };
  readonly asked: Asked;
}

async function resolveChart(
  client: ChartClient,
  { place, asked }: ChartQuery,
  signal: AbortSignal,
): Promise<ResolvedRevision> {
  // A chart has no HEAD: its newest release takes that place.
  const version = asked.revision === 'HEAD' ? '' : asked.revision;
  const question = { repository: place.repository, chart: place.chart, version };
  const found = await client.resolve(question, { signal, ...wishOf(asked) });
  const { resolvedAt, stale } = found;
  return { commit: found.version, ref: undefined, resolvedAt, ...(stale === undefined ? {} : { stale }) };
}

/** A registry's webhook names its moment, as a push does. */
function wishOf({ cacheMode, resolvedAfterMs }: Asked): { readonly fresh: boolean; readonly notBeforeMs: number } {
  return { fresh: cacheMode !== 'normal', notBeforeMs: resolvedAfterMs };
}

interface ArtifactQuery {
  readonly place: SourcePlace & { readonly kind: 'oci' };
  readonly asked: Asked;
}

async function resolveArtifact(
  client: ArtifactClient,
  { place, asked }: ArtifactQuery,
  signal: AbortSignal,
): Promise<ResolvedRevision> {
  const question = { repository: place.repository, reference: asked.revision };
  const { digest, tag, ...when } = await client.resolve(question, { signal, ...wishOf(asked) });
  return { commit: digest, ref: tag, ...when };
}

/**
 * Sources that lend their files, by name without `$` (A05). Each is opened when the first of its files is wanted: which
 * are, is known only when the overrides of the source (A29) have been read. @throws GitOpsError InvalidSpec for a chart.
 */
export function openReferences(
  deps: OpenDeps,
  references: ReadonlyMap<string, Reference>,
  signal: AbortSignal,
): ReadonlyMap<string, SourceTree> {
  return new Map([...references].map(([name, reference]) => [name, lazyTree(deps, { name, reference }, signal)]));
}

export interface Reference {
  readonly place: SourcePlace;
  readonly asked: Asked;
}

interface NamedReference {
  readonly name: string;
  readonly reference: Reference;
}

function lazyTree(deps: OpenDeps, { name, reference }: NamedReference, signal: AbortSignal): SourceTree {
  let opening: Promise<SourceTree> | undefined;
  const open = (): Promise<SourceTree> => {
    if (reference.place.kind === 'chart') {
      const message = `The source "${name}" is a chart: only Git and OCI sources can lend their files. Remove its chart or its ref.`;
      throw new GitOpsError('InvalidSpec', message);
    }
    opening ??= openPlace(deps, reference, signal).then(({ tree }) => tree);
    return opening;
  };
  return {
    commit: reference.asked.revision,
    entry: async (path) => (await open()).entry(path),
    list: async (path) => (await open()).list(path),
    readBlob: async (oid, maxBytes) => (await open()).readBlob(oid, maxBytes),
  };
}
