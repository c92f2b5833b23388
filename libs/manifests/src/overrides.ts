/** `.argocd-source.yaml` and `.argocd-source-<application>.yaml` (A29): options that are kept beside the manifests. */
import { type ApplicationSource, GitOpsError } from '@tiphys/model';
import { parseYaml } from '@tiphys/model/yaml';
import type { SourceTree } from './ports.js';
import type { RecordedTree } from './tree/recorded-tree.js';

const MAX_BYTES = 1024 * 1024;

export interface OverrideRequest {
  readonly tree: SourceTree;
  readonly recorded: RecordedTree;
  /** Path of the source's folder. */
  readonly folder: string;
  readonly source: ApplicationSource;
  /** Instance name. */
  readonly application: string;
}

/**
 * The source with the files merged over it (JSON merge patch), the application's own last. Options of tools only: where
 * the source comes from cannot be overridden. @throws GitOpsError ManifestGeneration when a file has the wrong shape.
 */
export async function applyOverrides(request: OverrideRequest): Promise<ApplicationSource> {
  const { folder, application } = request;
  let merged = request.source;
  for (const name of ['.argocd-source.yaml', `.argocd-source-${application}.yaml`]) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const patch = await readOverride(request, path);
    if (patch !== undefined) merged = mergePatch(merged, checkShape(patch, path)) as ApplicationSource;
  }
  return merged;
}

type Json = Readonly<Record<string, unknown>>;

const TOOLS = ['helm', 'kustomize', 'directory', 'plugin'];

async function readOverride({ tree, recorded }: OverrideRequest, path: string): Promise<Json | undefined> {
  const result = await recorded.lookup(path);
  if (result.kind === 'illegal') {
    throw new GitOpsError('ManifestGeneration', `${path}: the symbolic link ${result.reason}. Replace it by the file.`);
  }
  if (result.kind === 'missing' || result.entry.kind !== 'blob') return undefined;
  const text = new TextDecoder().decode(await tree.readBlob(result.entry.oid, MAX_BYTES));
  const value = parseYaml(text, { origin: path }) ?? {};
  if (!isObject(value)) throw wrongShape(path, 'the file', 'a mapping');
  return Object.fromEntries(Object.entries(value).filter(([key]) => TOOLS.includes(key)));
}

type Shape = 'text' | 'flag' | 'texts' | 'textMap' | 'objects' | 'object';

/** Fields that renderers rely upon; the API server has not seen these files. */
const SHAPES: Readonly<Record<string, Readonly<Record<string, Shape>>>> = {
  kustomize: {
    ...shapes('text', ['namePrefix', 'nameSuffix', 'namespace', 'version', 'kubeVersion']),
    ...shapes('texts', ['images', 'components', 'apiVersions']),
    ...shapes('textMap', ['commonLabels', 'commonAnnotations']),
    ...shapes('objects', ['replicas', 'patches']),
    ...shapes('flag', ['forceCommonLabels', 'forceCommonAnnotations', 'commonAnnotationsEnvsubst']),
    ...shapes('flag', ['ignoreMissingComponents', 'labelWithoutSelector', 'labelIncludeTemplates']),
  },
  helm: {
    ...shapes('text', ['releaseName', 'namespace', 'values', 'version', 'kubeVersion']),
    ...shapes('texts', ['valueFiles', 'apiVersions']),
    ...shapes('objects', ['parameters', 'fileParameters']),
    ...shapes('object', ['valuesObject']),
    ...shapes('flag', ['passCredentials', 'ignoreMissingValueFiles', 'skipCrds', 'skipTests', 'skipSchemaValidation']),
  },
  directory: {
    ...shapes('text', ['include', 'exclude']),
    ...shapes('flag', ['recurse', 'disableExtensionFilter']),
    ...shapes('object', ['jsonnet']),
  },
  plugin: { ...shapes('text', ['name']), ...shapes('objects', ['env', 'parameters']) },
};
const JSONNET_SHAPES = { ...shapes('objects', ['extVars', 'tlas']), ...shapes('texts', ['libs']) };

function shapes(shape: Shape, fields: readonly string[]): Readonly<Record<string, Shape>> {
  return Object.fromEntries(fields.map((field) => [field, shape]));
}

function checkShape(patch: Json, path: string): Json {
  for (const [tool, value] of Object.entries(patch)) {
    if (value === null) continue;
    if (!isObject(value)) throw wrongShape(path, tool, 'a mapping');
    checkFields(value, SHAPES[tool] ?? {}, { path, name: tool });
    if (tool === 'directory' && isObject(value['jsonnet'])) {
      checkFields(value['jsonnet'], JSONNET_SHAPES, { path, name: 'directory.jsonnet' });
    }
  }
  return patch;
}

const CHECKS: Readonly<Record<Shape, { readonly test: (value: unknown) => boolean; readonly what: string }>> = {
  text: { test: isText, what: 'a text; put it in quotes' },
  flag: { test: (value) => typeof value === 'boolean', what: 'true or false' },
  texts: { test: (value) => Array.isArray(value) && value.every(isText), what: 'a list of texts' },
  textMap: { test: (value) => isObject(value) && Object.values(value).every(isText), what: 'a mapping of texts' },
  objects: { test: (value) => Array.isArray(value) && value.every(isObject), what: 'a list of mappings' },
  object: { test: isObject, what: 'a mapping' },
};

interface Named {
  readonly path: string;
  readonly name: string;
}

function checkFields(value: Json, expected: Readonly<Record<string, Shape>>, { path, name }: Named): void {
  for (const [field, shape] of Object.entries(expected)) {
    const given = value[field];
    if (given === undefined || given === null || CHECKS[shape].test(given)) continue;
    throw wrongShape(path, `${name}.${field}`, CHECKS[shape].what);
  }
}

/** RFC 7386. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value);
  }
  return result;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongShape(path: string, what: string, expected: string): GitOpsError {
  return new GitOpsError('ManifestGeneration', `${path}: ${what} must be ${expected}. Correct it there.`);
}
