/** Which applications an event concerns, how urgently, and what it says about their revisions (J01, J02, J04). Pure. */
import {
  ANNOTATIONS,
  type AnnouncedRevision,
  type Application,
  type ApplicationSource,
  announcedRevisionKey,
} from '@tiphys/model';
import type { Enqueue } from '@tiphys/queue';
import type { UsingApplication } from '../../applications/repository-index.js';
import type { Push, RegistryPush, WebhookEvent } from './events.js';
import { followsTag, isArtifactSource } from './registry-push.js';

/** From libs/model's COMPARE_LEVELS: resolve the ref at the Git host again. */
const LATEST_FORCE_RESOLVE = 3;

export interface Affected {
  /** Refresh requests; those of applications that a changed file names are the urgent ones. */
  readonly entries: readonly Enqueue[];
  /** The repository as an application names it; undefined when none is affected. */
  readonly repository: string | undefined;
  /** By cache key. */
  readonly announced: ReadonlyMap<string, AnnouncedRevision>;
}

/** `candidates`: applications with sources in the event's repository. */
export function affectedBy(event: WebhookEvent, candidates: readonly UsingApplication[], arrivedAt: number): Affected {
  const entries: Enqueue[] = [];
  /** Thousands of applications may follow the same revision. */
  const followed = new Map<string, ApplicationSource>();
  const touched = event.kind === 'push' ? touchedPaths(event.changedFiles) : undefined;
  const request = { level: LATEST_FORCE_RESOLVE, hardness: 0, since: arrivedAt };
  for (const { entry, sources } of candidates) {
    const following = sources.filter((source) => follows(source, event));
    if (following.length === 0) continue;
    const urgent = following.some((source) => mayBeTouched(entry.application, source, touched));
    entries.push({ key: entry.key, priority: urgent ? 'webhook' : 'dependency', request });
    for (const source of following) followed.set(spellingOf(source), source);
  }
  const [first] = followed.values();
  return { entries, repository: first?.repoURL, announced: announcements(event, followed.values(), arrivedAt) };
}

function spellingOf({ repoURL, chart, targetRevision, tagPrefix }: ApplicationSource): string {
  return [repoURL, chart, targetRevision, tagPrefix].join('\n');
}

function announcements(
  event: WebhookEvent,
  sources: Iterable<ApplicationSource>,
  arrivedAt: number,
): ReadonlyMap<string, AnnouncedRevision> {
  const announced = new Map<string, AnnouncedRevision>();
  const revision = announcedBy(event, arrivedAt);
  if (revision === undefined) return announced;
  for (const source of sources) {
    if (!isNamedBy(source, event)) continue;
    const certainty = mayBeAnother(source) ? ({ uncertain: true } as const) : {};
    announced.set(announcedRevisionKey(source), { ...revision, ...certainty });
  }
  return announced;
}

function follows(source: ApplicationSource, event: WebhookEvent): boolean {
  if (event.kind === 'registry') return isArtifactSource(source) && followsTag(source, event);
  return !isArtifactSource(source) && followsRef(source, event);
}

function announcedBy(event: WebhookEvent, at: number): AnnouncedRevision | undefined {
  const after = event.kind === 'push' ? event.after : artifactNames(event);
  if (after.length === 0) return undefined;
  const before = event.kind === 'push' ? event.before : undefined;
  return { after, at, ...(before === undefined ? {} : { before }) };
}

function artifactNames({ tag, digest }: RegistryPush): readonly string[] {
  const names = [digest, tag, tag?.replaceAll('_', '+')];
  return [...new Set(names.flatMap((name) => name ?? []))];
}

/** A range means the highest version, which may be another than the pushed one. */
function mayBeAnother({ targetRevision, chart }: ApplicationSource): boolean {
  const target = targetRevision ?? '';
  return mayBeRange(target) || (Boolean(chart) && (target === '' || target === 'HEAD'));
}

/** HEAD is the pushed branch only where the sender says which branch HEAD is. */
function isNamedBy({ targetRevision }: ApplicationSource, event: WebhookEvent): boolean {
  const isHead = targetRevision === undefined || targetRevision === '' || targetRevision === 'HEAD';
  return event.kind === 'registry' || !isHead || event.defaultBranch !== undefined;
}

/** Whether the source's target revision may name another commit after the push. */
export function followsRef(
  source: ApplicationSource,
  { ref, defaultBranch }: Pick<Push, 'ref' | 'defaultBranch'>,
): boolean {
  const target = shortRef(source.targetRevision || 'HEAD');
  const pushed = shortRef(ref);
  if (target === 'HEAD') return defaultBranch === undefined || defaultBranch === pushed;
  if (target === pushed) return true;
  const prefix = source.tagPrefix ?? '';
  // Which tag a range picks is for the repo-server to say: any version tag may change it.
  return (
    mayBeRange(target) &&
    !ref.startsWith('refs/heads/') &&
    pushed.startsWith(prefix) &&
    isVersion(pushed.slice(prefix.length))
  );
}

function shortRef(ref: string): string {
  return ref.replace(/^refs\/(?:heads|tags)\//, '');
}

function mayBeRange(revision: string): boolean {
  return /^[\^~<>=!]|[*,]|\|\||\s-\s|(?:^|\.)[xX](?:\.|$)/.test(revision) || /^v?\d+(?:\.\d+)?$/.test(revision);
}

function isVersion(tag: string): boolean {
  return /^v?\d+(?:\.\d+){0,2}(?:[-+].*)?$/.test(tag);
}

/** More files are not looked at one by one: everything may have changed. */
const MAX_CHANGED_FILES = 10_000;

/** The changed files and every folder above them; undefined: anything. */
function touchedPaths(files: Push['changedFiles']): ReadonlySet<string> | undefined {
  if (files === undefined || files.length > MAX_CHANGED_FILES) return undefined;
  const touched = new Set(files.length === 0 ? [] : ['']);
  for (const file of files) {
    for (let path = file; path !== '' && !touched.has(path); path = path.slice(0, Math.max(0, path.lastIndexOf('/')))) {
      touched.add(path);
    }
  }
  return touched;
}

function mayBeTouched(
  application: Application,
  source: ApplicationSource,
  touched: ReadonlySet<string> | undefined,
): boolean {
  if (touched === undefined) return true;
  const roots = [source.path ?? '', ...declaredPaths(application, source)].map(trimPath);
  return roots.some((root) => touched.has(root));
}

/** `manifest-generate-paths`: from the root when it starts with `/`, else from the source's path. */
function declaredPaths(application: Application, source: ApplicationSource): readonly string[] {
  const text = application.metadata.annotations?.[ANNOTATIONS.manifestGeneratePaths] ?? '';
  const paths = text.split(';').map((path) => path.trim());
  return paths
    .filter((path) => path !== '')
    .map((path) => (path.startsWith('/') ? path : joinPaths(source.path ?? '', path)))
    .map((path) => path.replace(/\/?[^/]*[*?[].*$/, ''));
}

function joinPaths(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${base}/${path}`.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function trimPath(path: string): string {
  return joinPaths('', path);
}
