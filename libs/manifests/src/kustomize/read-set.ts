/** Everything that `kustomize build` will read, followed through bases, components and generators, inside the repository only (S7). */
import { createHash } from 'node:crypto';
import { GitOpsError } from '@tiphys/model';
import { parseDocuments } from '@tiphys/model/yaml';
import type { SourceEntry } from '../ports.js';
import { joinPath, nameOf } from '../tree/source-path.js';
import { addIfFile, type Collection, type Place } from './collection.js';
import { collectCharts } from './helm-charts.js';
import {
  KUSTOMIZATION_NAMES,
  type Kustomization,
  parseKustomization,
  pluginFiles,
  type Reference,
  records,
  referencesOf,
  replaceReferences,
} from './kustomization.js';
import { mountRemote } from './mounts.js';
import { isRemote } from './remote.js';
import { addInside, unresolved } from './resolve.js';

const MAX_KUSTOMIZATIONS = 2_000;
const MAX_KUSTOMIZATION_BYTES = 4 * 1024 * 1024;

export interface FoundKustomization {
  /** Of the file, through links. */
  readonly path: string;
  readonly content: Kustomization;
}

/**
 * Adds the folder's kustomization and all that it leads to. `folder` is a real path: links are resolved.
 * @throws GitOpsError ManifestGeneration naming the file and the reference that is remote, missing, or outside.
 */
export async function collectFolder(
  collection: Collection,
  folder: string,
  pluginBase?: string,
): Promise<FoundKustomization> {
  const found = await findKustomization(collection, folder);
  const key = `${folder}\0${pluginBase ?? ''}`;
  if (collection.visited.has(key)) return found;
  collection.visited.add(key);
  if (collection.visited.size > MAX_KUSTOMIZATIONS) throw tooMany();
  const at = { folder, file: found.path };
  const replacements = new Map<string, string>();
  for (const reference of referencesOf(found.content)) {
    if (isRemote(reference.text)) replacements.set(reference.text, await followRemote(collection, at, reference));
    else {
      const copy = await follow(collection, at, { reference, pluginBase });
      if (copy !== undefined) replacements.set(reference.text, copy);
    }
  }
  await collectCharts(collection, at, found.content);
  if (replacements.size === 0) return found;
  const content = replaceReferences(found.content, replacements);
  collection.edits.set(found.path, content);
  return { path: found.path, content };
}

/** The path that stands for it. */
async function followRemote(collection: Collection, place: Place, reference: Reference): Promise<string> {
  const base = await mountRemote(collection, place, reference);
  await collectFolder(base.collection, base.folder);
  return base.relative;
}

async function findKustomization(collection: Collection, folder: string): Promise<FoundKustomization> {
  const found: SourceEntry[] = [];
  for (const name of KUSTOMIZATION_NAMES) {
    const entry = await addIfFile(collection, folder === '' ? name : `${folder}/${name}`);
    if (entry !== undefined) found.push(entry);
  }
  const [file] = found;
  if (file === undefined) {
    const next = `Add a kustomization.yaml, or point spec.source.path elsewhere.`;
    throw new GitOpsError('ManifestGeneration', `The folder "${folder || '.'}" has no kustomization file. ${next}`);
  }
  // With two of them kustomize refuses; it says so itself.
  return { path: file.path, content: parseKustomization(file.path, await read(collection, file)) };
}

interface Followed {
  readonly reference: Reference;
  readonly pluginBase: string | undefined;
}

/** A path that stands for the reference, when it does not stand for itself. */
async function follow(
  collection: Collection,
  place: Place,
  { reference, pluginBase }: Followed,
): Promise<string | undefined> {
  const { kind, text } = reference;
  const isInline = /\n/.test(text.trim());
  if (isInline && kind === 'plugin') await followPlugin(collection, place.folder, text);
  if (isInline && (kind === 'plugin' || kind === 'fileOrInline')) return undefined;
  const entry = await resolve(collection, place, reference);
  if (entry === undefined) return undefined;
  if (entry.kind === 'tree') {
    await collectFolder(collection, entry.path, kind === 'plugin' ? place.folder : pluginBase);
    return undefined;
  }
  collection.files.set(entry.path, entry);
  const base = kind === 'plugin' ? place.folder : pluginBase;
  if (base !== undefined) await followPlugin(collection, base, decode(await read(collection, entry)));
  return collection.loadAnywhere ? copyFromAbove(collection, place, entry) : undefined;
}

/** kustomize keeps its own restriction: a file from above is put below the kustomization, under a name that says which it is. */
function copyFromAbove(collection: Collection, { folder }: Place, entry: SourceEntry): string | undefined {
  const isBelow = folder === '' || entry.path.startsWith(`${folder}/`);
  if (isBelow) return undefined;
  const name = createHash('sha256').update(entry.path).digest('hex').slice(0, 16);
  const copy = `.tiphys-files/${name}/${nameOf(entry.path)}`;
  collection.copies.set(`${folder}/${copy}`, { tree: collection.tree, oid: entry.oid });
  return copy;
}

/** What the configurations name; whether it has to be there is for kustomize to say, but it must not look outside (S8). */
async function followPlugin(collection: Collection, folder: string, text: string): Promise<void> {
  const documents = parseDocuments(text, { origin: `a plugin configuration in "${folder}"` });
  for (const { value } of documents) {
    for (const file of pluginFiles(value)) {
      await addInside(
        collection,
        { folder, file: `a plugin configuration in "${folder}"` },
        { field: 'its files', text: file },
      );
    }
    if (records([value]).some(({ kind }) => kind === 'HelmChartInflationGenerator')) {
      await collectCharts(collection, { folder, file: `${folder}/` }, { helmCharts: [value] });
    }
  }
}

/** Undefined when it is inline after all. */
async function resolve(
  collection: Collection,
  place: Place,
  { kind, text, field }: Reference,
): Promise<SourceEntry | undefined> {
  const path = joinPath(place.folder, text);
  const result = path === undefined ? undefined : await collection.recorded.lookup(path);
  if (result?.kind === 'found' && fits(kind, result.entry)) return result.entry;
  if (kind === 'fileOrInline' && result?.kind === 'missing') return undefined;
  throw unresolved(place.file, { field, text }, result?.kind ?? 'illegal');
}

function fits(kind: Reference['kind'], entry: SourceEntry): boolean {
  if (entry.kind === 'tree') return kind === 'resource' || kind === 'folder' || kind === 'plugin';
  return entry.kind === 'blob' && kind !== 'folder';
}

function read({ tree }: Collection, entry: SourceEntry): Promise<Uint8Array> {
  return tree.readBlob(entry.oid, MAX_KUSTOMIZATION_BYTES);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function tooMany(): GitOpsError {
  const message = `The source leads to more than ${MAX_KUSTOMIZATIONS} kustomizations. Split the application.`;
  return new GitOpsError('ManifestGeneration', message);
}
