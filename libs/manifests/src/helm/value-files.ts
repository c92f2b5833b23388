/** The value files and file parameters of a source, wherever they lie: chart folder, repository, another source, a URL. */
import { createHash } from 'node:crypto';
import { GitOpsError, type HelmSource } from '@tiphys/model';
import type { BuildEnvironment } from '../build-environment.js';
import type { ReadSet } from '../ports.js';
import { type RecordedTree, recordTree } from '../tree/recorded-tree.js';
import { joinPath } from '../tree/source-path.js';
import type { HelmPlanRequest } from './types.js';
import { expandGlob, type GlobPlace, isGlob } from './value-glob.js';

export interface ValueFile {
  /** As the user wrote it, or the path that its glob matched: for messages. */
  readonly shown: string;
  readonly id: string;
  read(maxBytes: number): Promise<Uint8Array>;
}

export interface ValueFiles {
  /** In the order in which Helm merges them. */
  readonly values: readonly ValueFile[];
  /** By the name of the parameter. */
  readonly parameters: readonly { readonly name: string; readonly file: ValueFile }[];
  /** What was looked up in other sources. */
  readonly refReadSet: ReadSet;
  /** Something came from a URL. */
  readonly remote: boolean;
}

interface Finder {
  readonly request: HelmPlanRequest;
  readonly environment: BuildEnvironment;
  readonly recordedRefs: Map<string, RecordedTree>;
  readonly signal: AbortSignal;
  remote: boolean;
}

type Location =
  | { readonly kind: 'tree'; readonly place: GlobPlace; readonly id: string; readonly path: string }
  | { readonly kind: 'url'; readonly url: string };

/** Argo CD's default of `helm.valuesFileSchemes`. */
const DEFAULT_SCHEMES: readonly string[] = ['https', 'http'];
const URL_SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/** @throws GitOpsError ManifestGeneration for missing files, InvalidSpec for paths that leave the repository and schemes that are not allowed. */
export async function findValueFiles(
  request: HelmPlanRequest,
  environment: BuildEnvironment,
  signal: AbortSignal,
): Promise<ValueFiles> {
  const finder: Finder = { request, environment, recordedRefs: new Map(), signal, remote: false };
  const helm = request.source.helm ?? {};
  const values = await findValues(finder, helm);
  const parameters: { name: string; file: ValueFile }[] = [];
  for (const { name = '', path = '' } of helm.fileParameters ?? []) {
    checkParameterName(name);
    const file = await findOne(finder, locate(finder, path), path);
    if (file === undefined) throw missing(path, 'fileParameters');
    parameters.push({ name, file });
  }
  const refReadSet = [...finder.recordedRefs].flatMap(([ref, recorded]) =>
    recorded.readSet().map((entry) => ({ ...entry, ref })),
  );
  return { values, parameters, refReadSet, remote: finder.remote };
}

/** Explicit entries keep their place; globs leave out what is listed or was matched before. */
async function findValues(finder: Finder, helm: HelmSource): Promise<readonly ValueFile[]> {
  const located = (helm.valueFiles ?? []).map((raw) => ({ raw, location: locate(finder, raw) }));
  const taken = new Set(located.filter(({ location }) => !isPattern(location)).map(({ location }) => nameOf(location)));
  const values: ValueFile[] = [];
  for (const { raw, location } of located) {
    const found = isPattern(location)
      ? await findMatches(finder, location, taken)
      : [await findOne(finder, location, raw)].filter((file) => file !== undefined);
    if (found === undefined || (found.length === 0 && !isPattern(location))) {
      if (helm.ignoreMissingValueFiles === true) continue;
      throw missing(raw, 'valueFiles');
    }
    values.push(...found);
  }
  return values;
}

function isPattern(location: Location): location is Location & { kind: 'tree' } {
  return location.kind === 'tree' && isGlob(location.path);
}

function nameOf(location: Location): string {
  return location.kind === 'url' ? location.url : `${location.id}:${location.path}`;
}

/** Undefined when nothing matches; an empty list when all matches were taken already. */
async function findMatches(
  finder: Finder,
  location: Location & { kind: 'tree' },
  taken: Set<string>,
): Promise<readonly ValueFile[] | undefined> {
  const paths = await expandGlob(location.place, location.path);
  if (paths.length === 0) return undefined;
  const files: ValueFile[] = [];
  for (const path of paths) {
    const match = { ...location, path };
    if (taken.has(nameOf(match))) continue;
    taken.add(nameOf(match));
    const file = await findOne(finder, match, path);
    if (file !== undefined) files.push(file);
  }
  return files;
}

/** `$ref/…` of another source, a URL, `/…` from the root of the repository, else from the chart's folder. */
function locate(finder: Finder, raw: string): Location {
  const { request, environment } = finder;
  const referenced = locateInReference(finder, raw);
  if (referenced !== undefined) return referenced;
  const text = environment.substitute(raw);
  if (URL_SCHEME.test(text))
    return { kind: 'url', url: checkScheme(text, request.settings.valuesFileSchemes ?? DEFAULT_SCHEMES) };
  const isAbsolute = text.startsWith('/');
  const path = inside(isAbsolute ? '' : request.folder.path, isAbsolute ? text.replace(/^\/+/, '') : text, raw);
  return { kind: 'tree', id: '', place: request, path };
}

/** Undefined when the path does not begin with the name of a source. */
function locateInReference(finder: Finder, raw: string): Location | undefined {
  const { request, environment, recordedRefs } = finder;
  const [name = '', ...rest] = raw.split('/');
  const ref = name.startsWith('$') ? name.slice(1) : '';
  const tree = ref === '' ? undefined : request.references?.get(ref);
  if (tree === undefined) {
    if (/^[A-Za-z_]\w*$/.test(ref) && !Object.hasOwn(environment.values, ref)) throw noSuchRef(ref, raw);
    return undefined;
  }
  const recorded = recordedRefs.get(ref) ?? recordTree(tree);
  recordedRefs.set(ref, recorded);
  return {
    kind: 'tree',
    id: ref,
    place: { tree, recorded },
    path: inside('', environment.substitute(rest.join('/')), raw),
  };
}

function inside(folder: string, path: string, raw: string): string {
  const resolved = /\p{Cc}/u.test(path) ? undefined : joinPath(folder, path);
  if (resolved !== undefined && resolved !== '') return resolved;
  throw new GitOpsError(
    'InvalidSpec',
    `The value file "${raw.slice(0, 200)}" is not inside the repository. Correct it in spec.source.helm.`,
  );
}

/** Undefined when it is missing; the answer does not tell about places outside (S8). */
async function findOne(finder: Finder, location: Location, shown: string): Promise<ValueFile | undefined> {
  if (location.kind === 'url') return fetchOne(finder, location.url);
  const { tree, recorded } = location.place;
  const found = await recorded.lookup(location.path);
  if (found.kind === 'missing') return undefined;
  if (found.kind === 'illegal') {
    const next = 'Replace the link by the file.';
    throw new GitOpsError(
      'ManifestGeneration',
      `The value file ${shown} is a symbolic link that ${found.reason}. ${next}`,
    );
  }
  const { oid, kind } = found.entry;
  if (kind !== 'blob') {
    throw new GitOpsError(
      'ManifestGeneration',
      `The value file ${shown} is a folder. Use ${shown}/*.yaml for the files in it.`,
    );
  }
  return { shown, id: oid, read: (maxBytes) => tree.readBlob(oid, maxBytes) };
}

async function fetchOne(finder: Finder, url: string): Promise<ValueFile> {
  const { charts } = finder.request;
  if (charts === undefined) throw new GitOpsError('InvalidSpec', `The value file ${url} cannot be fetched here.`);
  if (charts.permits?.(url) === false) {
    const next = 'Add it to sourceRepos of the project.';
    throw new GitOpsError(
      'InvalidSpec',
      `The value file ${url} comes from a place that the project does not permit. ${next}`,
    );
  }
  finder.remote = true;
  const { repositories, client } = charts;
  const bytes = await client.fetchFile(
    url,
    repositories.find((repository) => isBelow(url, repository.url)),
    finder.signal,
  );
  const id = createHash('sha256').update(bytes).digest('hex');
  return { shown: url, id, read: () => Promise.resolve(bytes) };
}

function isBelow(url: string, base: string): boolean {
  return url.startsWith(base.endsWith('/') ? base : `${base}/`);
}

function checkScheme(url: string, allowed: readonly string[]): string {
  const scheme = URL_SCHEME.exec(url)?.[1]?.toLowerCase() ?? '';
  if (allowed.includes(scheme) && (scheme === 'https' || scheme === 'http')) return url;
  const next =
    'Put the file into a Git repository, or allow the scheme with helm.valuesFileSchemes (https and http can be fetched).';
  throw new GitOpsError('InvalidSpec', `Value files may not be fetched by "${scheme}" URLs. ${next}`);
}

/** In a name of `--set-file`, these would begin another assignment, with a path of the user's choice. */
function checkParameterName(name: string): void {
  if (/^(?:[^=,{}\\\p{Cc}]|\\[^\p{Cc}])+$/u.test(name) && !name.startsWith('-')) return;
  const next = 'Use a path of values such as a.b or a[0].b.';
  throw new GitOpsError('InvalidSpec', `The file parameter "${name.slice(0, 100)}" has an unusable name. ${next}`);
}

function missing(raw: string, field: string): GitOpsError {
  const what = isGlob(raw) ? `values file glob "${raw}" matched no files` : `the value file "${raw}" does not exist`;
  const next = field === 'valueFiles' ? 'Add it, or set ignoreMissingValueFiles.' : 'Add it to the repository.';
  return new GitOpsError('ManifestGeneration', `spec.source.helm.${field}: ${what}. ${next}`);
}

function noSuchRef(ref: string, raw: string): GitOpsError {
  const next = `Give one of spec.sources "ref: ${ref}".`;
  return new GitOpsError(
    'InvalidSpec',
    `The value file "${raw}" is to come from the source "${ref}", which is not there. ${next}`,
  );
}
