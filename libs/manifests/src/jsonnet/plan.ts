/** Jsonnet files of a directory source (B24): their imports as the read set, and running them. */
import { type DirectorySource, GitOpsError } from '@tiphys/model';
import { flattenLists, isKubernetesObject, parseYaml, stringifyJson } from '@tiphys/model/yaml';
import { type BuildEnvironment, buildEnvironment } from '../build-environment.js';
import type { RenderedManifest, RenderRequest, SourceEntry, SourceTree } from '../ports.js';
import { type RecordedTree, recordTree } from '../tree/recorded-tree.js';
import { joinPath, parentOf } from '../tree/source-path.js';
import type { ToolArgument, Toolbox, WorkspaceFile } from '../workspace/ports.js';
import { importsOf } from './imports.js';

export interface JsonnetPlan {
  /** For the render key. */
  readonly key: unknown;
  readonly dependsOnCommit: boolean;
  /** Paths to the manifests that each file gives. @throws GitOpsError ManifestGeneration with Jsonnet's message. */
  evaluate(signal: AbortSignal): Promise<ReadonlyMap<string, readonly RenderedManifest[]>>;
}

export interface JsonnetPlanRequest extends RenderRequest {
  readonly recorded: RecordedTree;
  readonly folder: SourceEntry;
  /** The files to run, by the path that they are named. */
  readonly entries: readonly string[];
}

const MAX_FILES = 5_000;
const MAX_CODE_BYTES = 16 * 1024 * 1024;

/** Reads the code to find its imports. @throws GitOpsError ManifestGeneration for imports that leave the repository (S7). */
export async function planJsonnet(request: JsonnetPlanRequest): Promise<JsonnetPlan> {
  const { tree, recorded, folder, source, application, tools, entries } = request;
  const options = source.directory?.jsonnet ?? {};
  const environment = buildEnvironment({ source, commit: tree.commit, application });
  const libs = await findLibs(tree, options.libs ?? []);
  const searchPath = [folder.path, ...libs];
  // Its own record: what the directory renderer looked up besides is nothing that Jsonnet reads.
  const read = recordTree(tree);
  const walk: Walk = { tree, read, recorded, searchPath, files: new Map(), seen: new Set() };
  for (const entry of entries) await follow(walk, entry);
  const variables = variablesOf(options, environment);
  for (const { code } of variables)
    await followCode(walk, { code, folder: '', origin: 'spec.source.directory.jsonnet' });
  const links = [...read.links()].map(([path, link]): WorkspaceFile => ({ path, link }));
  const blobs = [...walk.files].map(([path, oid]): WorkspaceFile => ({ path, oid, tree }));
  return {
    key: {
      tool: await tools.version('jsonnet'),
      files: [...walk.files].sort(([a], [b]) => (a < b ? -1 : 1)),
      links: [...read.links()].sort(([a], [b]) => (a < b ? -1 : 1)),
      ...{ entries, searchPath, variables },
    },
    dependsOnCommit: environment.usedCommit,
    evaluate: (signal) => evaluateAll({ tools, files: [...blobs, ...links], entries, searchPath, variables }, signal),
  };
}

/** Library folders are relative to the root of the repository. */
async function findLibs(tree: SourceTree, libs: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const lib of libs) {
    const path = joinPath('', lib.replace(/^\/+/, ''));
    const result = path === undefined ? undefined : await recordTree(tree).lookup(path);
    if (path === undefined || result?.kind === 'illegal') {
      const next = 'Correct spec.source.directory.jsonnet.libs.';
      throw new GitOpsError(
        'InvalidSpec',
        `The library folder "${lib.slice(0, 200)}" is not inside of the repository. ${next}`,
      );
    }
    found.push(path);
  }
  return found;
}

interface Variable {
  readonly flag: '--ext-str' | '--ext-code' | '--tla-str' | '--tla-code';
  readonly name: string;
  readonly value: string;
  /** Empty for texts. */
  readonly code: string;
}

type JsonnetOptions = NonNullable<DirectorySource['jsonnet']>;

function variablesOf({ extVars = [], tlas = [] }: JsonnetOptions, environment: BuildEnvironment): readonly Variable[] {
  const toVariable =
    (kind: 'ext' | 'tla') =>
    ({ name, value, code }: { readonly name: string; readonly value: string; readonly code?: boolean }): Variable => {
      const text = environment.substitute(value);
      const isCode = code === true;
      return { flag: `--${kind}-${isCode ? 'code' : 'str'}`, name, value: text, code: isCode ? text : '' };
    };
  return [...extVars.map(toVariable('ext')), ...tlas.map(toVariable('tla'))];
}

interface Walk {
  readonly tree: SourceTree;
  readonly read: RecordedTree;
  /** Of the whole source. */
  readonly recorded: RecordedTree;
  readonly searchPath: readonly string[];
  readonly files: Map<string, string>;
  readonly seen: Set<string>;
}

/** A file of code at the path that it is named; imports are relative to that path, also where it is a link. */
async function follow(walk: Walk, path: string): Promise<void> {
  if (walk.seen.has(path)) return;
  walk.seen.add(path);
  const entry = await findFile(walk, path);
  if (entry === undefined) return;
  const code = new TextDecoder().decode(await walk.tree.readBlob(entry.oid, MAX_CODE_BYTES));
  await followCode(walk, { code, folder: parentOf(path), origin: path });
}

interface Code {
  readonly code: string;
  readonly folder: string;
  readonly origin: string;
}

async function followCode(walk: Walk, { code, folder, origin }: Code): Promise<void> {
  const imports = importsOf(code);
  if (imports.length > MAX_FILES) throw tooMany();
  for (const { path, isCode } of imports) {
    if (path === undefined) throw outside(origin, 'a path of more than 4096 characters');
    const found = await findImport(walk, { path, folder, origin });
    if (found !== undefined && isCode) await follow(walk, found);
  }
}

interface Import {
  readonly path: string;
  readonly folder: string;
  readonly origin: string;
}

/** Beside the importing file first, then in the folders of the search path, the last one first. What is missing Jsonnet will say. */
async function findImport(walk: Walk, { path, folder, origin }: Import): Promise<string | undefined> {
  for (const base of [folder, ...[...walk.searchPath].reverse()]) {
    const candidate = joinPath(base, path);
    if (candidate === undefined || path.includes('\0')) throw outside(origin, path);
    if ((await findFile(walk, candidate)) !== undefined) return candidate;
  }
  return undefined;
}

async function findFile(walk: Walk, path: string): Promise<SourceEntry | undefined> {
  await walk.recorded.lookup(path);
  const result = await walk.read.lookup(path);
  if (result.kind === 'illegal') throw outside(path, path);
  if (result.kind === 'missing' || result.entry.kind !== 'blob') return undefined;
  walk.files.set(result.entry.path, result.entry.oid);
  if (walk.files.size > MAX_FILES) throw tooMany();
  return result.entry;
}

function tooMany(): GitOpsError {
  const message = `The Jsonnet code of the source imports more than ${MAX_FILES} files. Split the application.`;
  return new GitOpsError('ManifestGeneration', message);
}

function outside(origin: string, path: string): GitOpsError {
  const what = `${origin}: the import "${path.slice(0, 200)}" is not inside of the repository.`;
  return new GitOpsError('ManifestGeneration', `${what} Import a file of the repository.`);
}

interface Evaluation {
  readonly tools: Toolbox;
  readonly files: readonly WorkspaceFile[];
  readonly entries: readonly string[];
  readonly searchPath: readonly string[];
  readonly variables: readonly Variable[];
}

function evaluateAll(
  { tools, files, entries, searchPath, variables }: Evaluation,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly RenderedManifest[]>> {
  const args: readonly ToolArgument[] = [
    ...searchPath.flatMap((folder) => ['--jpath', `./${folder}`]),
    ...variables.flatMap(({ flag, name, value }) => [flag, { input: `${name}=${value}` }]),
  ];
  return tools.withWorkspace(
    files,
    async (workspace) => {
      const results = new Map<string, readonly RenderedManifest[]>();
      for (const entry of entries) {
        // A relative path: std.thisFile must not tell of the work folder.
        const run = { tool: 'jsonnet', args: [...args, `./${entry}`], workspace };
        results.set(entry, toManifests(entry, (await tools.run(run, signal)).stdout));
      }
      return results;
    },
    signal,
  );
}

/** One object, or a list of objects. */
function toManifests(path: string, output: string): readonly RenderedManifest[] {
  const value = parseYaml(output, { origin: path, maxBytes: Number.MAX_SAFE_INTEGER });
  const items = Array.isArray(value) ? value : [value];
  return items
    .filter((item) => item !== null && item !== undefined)
    .flatMap((item, index) => {
      if (!isKubernetesObject(item)) throw noObject(path, Array.isArray(value) ? ` Item ${index + 1}` : ' Its output');
      return flattenLists([item], path);
    })
    .map((object) => ({ json: stringifyJson(object), origin: path }));
}

function noObject(path: string, what: string): GitOpsError {
  const next =
    'Give one object or a list of objects with apiVersion, kind and metadata.name; name libraries .libsonnet.';
  return new GitOpsError('ManifestGeneration', `${path}:${what} is no Kubernetes object. ${next}`);
}
