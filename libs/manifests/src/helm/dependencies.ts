/** Charts that a chart depends on and does not hold: found in the repository or fetched, pinned by Chart.lock (B14). */
import { GitOpsError } from '@tiphys/model';
import { versionMatches } from '@tiphys/model/versions';
import { parseYaml } from '@tiphys/model/yaml';
import { type ArchiveFile, readChartArchive } from '../charts/archive.js';
import type { ChartRepository } from '../charts/ports.js';
import { joinPath } from '../tree/source-path.js';
import { collectChartFiles } from './chart-files.js';
import type { ChartFile, HelmPlanRequest } from './types.js';

export interface Dependency {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
}

/** A packed chart of the `charts` folder, with what is in it. */
export interface PackedChart {
  readonly file: ChartFile;
  readonly contents: readonly ArchiveFile[];
}

export interface Dependencies {
  /** Archives that lie in the repository, and those that were fetched. */
  readonly packed: readonly PackedChart[];
  /** Files of charts that were found elsewhere in the repository, placed below `charts/`. */
  readonly added: readonly ChartFile[];
}

const MAX_META_BYTES = 1024 * 1024;
const MAX_ARCHIVE_BYTES = 64 * 1024 * 1024;
const MAX_DEPENDENCIES = 200;
const MAX_ARCHIVE_DEPTH = 3;
const SUFFIX = /\.(tgz|tar\.gz)$/;
/** Helm skips names that begin with a dot or an underscore. */
const ARCHIVE = /^(charts\/[^/]+\/)*charts\/[^/._][^/]*\.(tgz|tar\.gz)$/;

/** @throws GitOpsError ManifestGeneration when a dependency cannot be had, with what to do. */
export async function completeDependencies(
  request: HelmPlanRequest,
  files: readonly ChartFile[],
  signal: AbortSignal,
): Promise<Dependencies> {
  const chart = request.folder.path || '.';
  const packed = await unpackAll(files, chart);
  const wanted = await readDependencies(files, chart);
  const present = new Set([
    ...(await unpackedNames(files)),
    ...packed.filter(({ file }) => isDirect(file)).map(({ contents }) => archiveName(contents)),
  ]);
  const lock = await readLock(files, chart);
  const added: ChartFile[] = [];
  for (const dependency of wanted.filter(({ name }) => !present.has(name))) {
    const pinned = pin(dependency, lock, chart);
    if (dependency.repository.startsWith('file://')) added.push(...(await fromRepository(request, dependency, chart)));
    else packed.push(await fromElsewhere({ request, dependency: pinned, chart }, signal));
  }
  return { packed: [...packed, ...(await unpackAll(added, chart))], added };
}

/** Archives in the `charts` folders, of the chart and of the charts in it, with the archives in them. */
async function unpackAll(files: readonly ChartFile[], chart: string): Promise<PackedChart[]> {
  const packed: PackedChart[] = [];
  for (const file of files.filter(({ path }) => ARCHIVE.test(path))) {
    packed.push({ file, contents: await unpack(await file.read(MAX_ARCHIVE_BYTES), `${chart}/${file.path}`, 0) });
  }
  return packed;
}

/** An archive in an archive becomes a folder of it: only its texts matter here. */
async function unpack(bytes: Uint8Array, what: string, depth: number): Promise<readonly ArchiveFile[]> {
  if (depth > MAX_ARCHIVE_DEPTH) throw failure(`${what} holds archives in archives`, 'Unpack them');
  const contents = [...(await readChartArchive(bytes, what))];
  for (const { path, bytes: inner } of contents.filter((file) => ARCHIVE.test(file.path))) {
    const below = await unpack(inner, `${what}/${path}`, depth + 1);
    contents.push(...below.map((file) => ({ ...file, path: `${path.replace(SUFFIX, '')}/${file.path}` })));
  }
  return contents;
}

function isDirect({ path }: ChartFile): boolean {
  return /^charts\/[^/]+$/.test(path);
}

async function readDependencies(files: readonly ChartFile[], chart: string): Promise<readonly Dependency[]> {
  // `requirements.yaml` is where charts of the first format list them.
  const lists = await Promise.all(['Chart.yaml', 'requirements.yaml'].map((name) => readList(files, name, chart)));
  const dependencies = lists.flat();
  if (dependencies.length > MAX_DEPENDENCIES) {
    const message = `The chart ${chart} has more than ${MAX_DEPENDENCIES} dependencies. Split it.`;
    throw new GitOpsError('ManifestGeneration', message);
  }
  return dependencies;
}

async function readLock(files: readonly ChartFile[], chart: string): Promise<readonly Dependency[]> {
  const lists = await Promise.all(['Chart.lock', 'requirements.lock'].map((name) => readList(files, name, chart)));
  return lists.flat();
}

async function readList(files: readonly ChartFile[], name: string, chart: string): Promise<readonly Dependency[]> {
  const list = (await readMeta(files, name, chart))?.['dependencies'];
  if (!Array.isArray(list)) return [];
  return list.map((item: unknown) => {
    const entry = (typeof item === 'object' && item !== null ? item : {}) as Record<string, unknown>;
    const text = (field: string): string =>
      entry[field] === undefined || entry[field] === null ? '' : String(entry[field]);
    const [dependencyName, version, repository] = [text('name'), text('version'), text('repository')];
    if (!/^[A-Za-z0-9][\w.-]*(\/[\w.-]+)*$/.test(dependencyName)) {
      const message = `${chart}/${name} lists a dependency with the unusable name "${dependencyName.slice(0, 100)}". Correct it.`;
      throw new GitOpsError('ManifestGeneration', message);
    }
    return { name: dependencyName, version, repository };
  });
}

async function readMeta(
  files: readonly ChartFile[],
  name: string,
  chart: string,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const file = files.find(({ path }) => path === name);
  if (file === undefined) return undefined;
  const text = new TextDecoder().decode(await file.read(MAX_META_BYTES));
  const value = parseYaml(text, { origin: `${chart}/${name}` });
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}

/** Names of the charts that lie in `charts/` as folders. */
async function unpackedNames(files: readonly ChartFile[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const file of files) {
    if (!/^charts\/[^/._][^/]*\/Chart\.yaml$/.test(file.path)) continue;
    const text = new TextDecoder().decode(await file.read(MAX_META_BYTES));
    names.push(nameIn(text, file.path));
  }
  return names;
}

function archiveName(contents: readonly ArchiveFile[]): string {
  const meta = contents.find(({ path }) => path === 'Chart.yaml');
  return nameIn(new TextDecoder().decode(meta?.bytes), 'Chart.yaml');
}

function nameIn(text: string, origin: string): string {
  const value = parseYaml(text, { origin });
  return typeof value === 'object' && value !== null && 'name' in value ? String(value['name']) : '';
}

/** The version that the lock names. @throws GitOpsError ManifestGeneration when lock and chart disagree. */
function pin(dependency: Dependency, lock: readonly Dependency[], chart: string): Dependency {
  const locked = lock.find(
    ({ name, repository }) =>
      name === dependency.name && repository.replace(/\/$/, '') === dependency.repository.replace(/\/$/, ''),
  );
  if (locked === undefined) return dependency;
  if (versionMatches(dependency.version, locked.version)) return { ...dependency, version: locked.version };
  const what = `${dependency.name} ${locked.version}, but ${chart}/Chart.yaml wants ${dependency.version}`;
  throw new GitOpsError(
    'ManifestGeneration',
    `${chart}/Chart.lock pins ${what}. Run "helm dependency update" and commit the result.`,
  );
}

/** `file://../common`: a chart of the same repository, as `helm dependency build` would pack it. */
async function fromRepository(
  request: HelmPlanRequest,
  { name, repository }: Dependency,
  chart: string,
): Promise<readonly ChartFile[]> {
  const { tree, recorded, folder } = request;
  const relative = repository.slice('file://'.length);
  const path = /\p{Cc}/u.test(relative) ? undefined : joinPath(folder.path, relative);
  const where = `The dependency ${name} of ${chart} (${repository})`;
  if (path === undefined) throw failure(`${where} is not inside the repository`, 'Move it there');
  const found = await recorded.lookup(path);
  if (found.kind !== 'found' || found.entry.kind !== 'tree') {
    throw failure(`${where} is no folder of the repository`, 'Correct it in Chart.yaml');
  }
  if (isAbove(found.entry.path, folder.path))
    throw failure(`${where} contains the chart itself`, 'Move it to a folder of its own');
  const files = await collectChartFiles({ tree, recorded, folder: found.entry });
  if (!files.some((file) => file.path === 'Chart.yaml')) throw failure(`${where} has no Chart.yaml`, 'Add it');
  return files.map((file) => ({ ...file, path: `charts/${name}/${file.path}` }));
}

function isAbove(folder: string, other: string): boolean {
  return folder === '' || other === folder || other.startsWith(`${folder}/`);
}

interface Fetching {
  readonly request: HelmPlanRequest;
  readonly dependency: Dependency;
  readonly chart: string;
}

async function fromElsewhere({ request, dependency, chart }: Fetching, signal: AbortSignal): Promise<PackedChart> {
  const { name, version, repository } = dependency;
  const where = `The dependency ${name} of ${chart}`;
  if (repository === '')
    throw failure(
      `${where} names no repository and does not lie in charts/`,
      'Commit it there, or name its repository in Chart.yaml',
    );
  const { charts } = request;
  const found = repositoryFor(repository, charts?.repositories ?? []);
  if (charts === undefined || found === undefined) {
    const next = 'Name it by its URL (https://, http:// or oci://), or add a repository of that name';
    throw failure(`${where} comes from "${repository}", which is not known`, next);
  }
  if (charts.permits?.(found.url) === false) {
    throw failure(
      `${where} comes from ${found.url}, which the project does not permit`,
      'Add it to sourceRepos of the project',
    );
  }
  const archive = await charts.client.fetch({ repository: found, chart: name, version }, { signal });
  const contents = await unpack(archive.bytes, `${name}-${archive.version}`, 0);
  const bytes = archive.bytes;
  const path = `charts/${name.replaceAll('/', '-')}-${archive.digest.slice(0, 12)}.tgz`;
  return { file: { path, id: archive.digest, read: () => Promise.resolve(bytes) }, contents };
}

/** Credentials of the repository with that URL or name, or of the longest URL before it; else none. */
export function repositoryFor(text: string, known: readonly ChartRepository[]): ChartRepository | undefined {
  const alias = /^(?:@|alias:)(.+)$/.exec(text)?.[1];
  if (alias !== undefined) return known.find(({ name }) => name === alias);
  if (!/^(https?|oci):\/\//.test(text)) return undefined;
  const trim = (url: string): string => url.replace(/^oci:\/\//, '').replace(/\/+$/, '');
  const matching = known
    .filter(({ url }) => trim(text) === trim(url) || trim(text).startsWith(`${trim(url)}/`))
    .sort((a, b) => b.url.length - a.url.length);
  return { ...matching[0], url: text };
}

function failure(what: string, next: string): GitOpsError {
  return new GitOpsError('ManifestGeneration', `${what}. ${next}.`);
}
