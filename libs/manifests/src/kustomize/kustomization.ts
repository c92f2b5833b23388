/** A kustomization file: reading it, and the files that it names. */
import { GitOpsError } from '@tiphys/model';
import { parseDocuments } from '@tiphys/model/yaml';

/** Checked by kustomize itself; here only as far as it is looked into. */
export type Kustomization = Readonly<Record<string, unknown>>;

export const KUSTOMIZATION_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

export type ReferenceKind =
  /** A manifest, or a folder with a kustomization. */
  | 'resource'
  /** A folder with a kustomization. */
  | 'folder'
  | 'file'
  /** A file, or the thing itself; a file when one is there. */
  | 'fileOrInline'
  /** Configuration of a generator or transformer: inline, a file, or a folder; it may name more files. */
  | 'plugin';

export interface Reference {
  readonly kind: ReferenceKind;
  /** As written. */
  readonly text: string;
  /** Field of the kustomization, for messages. */
  readonly field: string;
}

/** The first document; undefined when the file is empty. @throws GitOpsError ManifestGeneration when it is no YAML mapping. */
export function parseKustomization(path: string, bytes: Uint8Array): Kustomization {
  const documents = parseDocuments(new TextDecoder().decode(bytes), { origin: path });
  const value = documents[0]?.value ?? {};
  if (isRecord(value) && documents.length <= 1) return value;
  const what = documents.length > 1 ? 'several YAML documents' : 'no YAML mapping';
  throw new GitOpsError('ManifestGeneration', `${path} holds ${what}. Write one kustomization into it.`);
}

const FIELDS: Readonly<Record<string, ReferenceKind>> = {
  resources: 'resource',
  bases: 'resource',
  components: 'folder',
  crds: 'file',
  configurations: 'file',
  patchesStrategicMerge: 'fileOrInline',
  generators: 'plugin',
  transformers: 'plugin',
  validators: 'plugin',
};
/** Lists of objects, and the fields of each that name a file. */
const OBJECT_FIELDS = ['patches', 'patchesJson6902', 'replacements'];
const GENERATORS = ['configMapGenerator', 'secretGenerator'];

/** In the order of the fields. */
export function referencesOf(kustomization: Kustomization): readonly Reference[] {
  const references: Reference[] = [];
  const add = (kind: ReferenceKind, field: string, texts: readonly string[]): void =>
    void references.push(...texts.map((text) => ({ kind, field, text })));
  for (const [field, kind] of Object.entries(FIELDS)) add(kind, field, strings(kustomization[field]));
  for (const field of OBJECT_FIELDS) {
    for (const item of records(kustomization[field])) add('file', field, strings([item['path']]));
  }
  for (const field of GENERATORS) {
    for (const item of records(kustomization[field])) add('file', field, generatorFiles(item));
  }
  const { openapi } = kustomization;
  if (isRecord(openapi)) add('file', 'openapi', strings([openapi['path']]));
  return references;
}

/** Files that the configuration of a builtin generator or transformer names. */
export function pluginFiles(config: unknown): readonly string[] {
  if (!isRecord(config)) return [];
  const { path, paths, targetFilePath, valuesFile, additionalValuesFiles, replacements } = config;
  return [
    ...strings([path, targetFilePath, valuesFile]),
    ...strings(paths),
    ...strings(additionalValuesFiles),
    ...generatorFiles(config),
    ...records(replacements).flatMap((item) => strings([item['path']])),
  ];
}

/** `files` are `name=path` or `path`. */
function generatorFiles({ files, envs, env }: Kustomization): readonly string[] {
  const paths = strings(files).map((text) => text.slice(text.indexOf('=') + 1));
  return [...paths, ...strings(envs), ...strings([env])].filter((path) => path !== '');
}

export function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

export function records(value: unknown): readonly Kustomization[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function isRecord(value: unknown): value is Kustomization {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
