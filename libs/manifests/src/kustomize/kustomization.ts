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

/** The kustomization with references replaced by what stands for them; generators keep the names of their files. */
export function replaceReferences(content: Kustomization, replacements: ReadonlyMap<string, string>): Kustomization {
  const replace = (text: unknown): unknown => (typeof text === 'string' ? (replacements.get(text) ?? text) : text);
  const replaceFile = (text: unknown): unknown => {
    const equals = typeof text === 'string' ? text.indexOf('=') : -1;
    return equals < 0
      ? replace(text)
      : `${String(text).slice(0, equals + 1)}${replace(String(text).slice(equals + 1))}`;
  };
  const edited: Record<string, unknown> = { ...content };
  const edit = (field: string, change: (item: unknown) => unknown): void => {
    const list = content[field];
    if (Array.isArray(list)) edited[field] = list.map(change);
  };
  const inRecord = (change: (item: Kustomization) => Kustomization) => (item: unknown) =>
    isRecord(item) ? change(item) : item;
  for (const field of Object.keys(FIELDS)) edit(field, replace);
  for (const field of OBJECT_FIELDS)
    edit(
      field,
      inRecord((item) => withField(item, 'path', replace)),
    );
  for (const field of GENERATORS) {
    edit(
      field,
      inRecord((item) => withLists(withField(item, 'env', replace), { files: replaceFile, envs: replace })),
    );
  }
  if (isRecord(content['openapi'])) edited['openapi'] = withField(content['openapi'], 'path', replace);
  return edited;
}

function withField(item: Kustomization, field: string, change: (value: unknown) => unknown): Kustomization {
  return item[field] === undefined ? item : { ...item, [field]: change(item[field]) };
}

function withLists(item: Kustomization, changes: Readonly<Record<string, (value: unknown) => unknown>>): Kustomization {
  const lists = Object.entries(changes).filter(([field]) => Array.isArray(item[field]));
  const changed = lists.map(([field, change]) => [field, (item[field] as readonly unknown[]).map(change)]);
  return { ...item, ...Object.fromEntries(changed) };
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
