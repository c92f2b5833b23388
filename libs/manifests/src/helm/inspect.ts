/** Looks into a chart to find what its output can depend on. */
import type { ArchiveFile } from '../charts/archive.js';
import { isStructural, isTemplate } from './chart-files.js';
import type { PackedChart } from './dependencies.js';
import { mergeUse, scanTemplate, scanText, type TextUse } from './scan.js';
import { hasOutsideReference } from './schema.js';
import type { ChartFile } from './types.js';
import { type TemplateText, unstableWarnings } from './unstable.js';
import type { ValueFile } from './value-files.js';

export interface ChartParts {
  /** Of the repository, for messages. */
  readonly folder: string;
  readonly files: readonly ChartFile[];
  readonly packed: readonly PackedChart[];
  readonly values: readonly ValueFile[];
  /** Values from the spec. */
  readonly texts: readonly string[];
}

export interface InspectedChart {
  /** What Helm is given, by path in the chart. */
  readonly files: readonly ChartFile[];
  /** Kubernetes version and API list matter. */
  readonly usesCapabilities: boolean;
  /** A schema refers to files or hosts: it is not checked, so that Helm opens neither. */
  readonly refusesSchema: boolean;
  readonly warnings: readonly string[];
}

interface NamedText {
  readonly path: string;
  readonly text: string;
}

const MAX_TEXT_BYTES = 16 * 1024 * 1024;

export async function inspectChart(parts: ChartParts): Promise<InspectedChart> {
  const texts = [...(await readTexts(parts.files)), ...parts.packed.flatMap(textsOf)];
  const templates = texts
    .filter(({ path }) => isTemplate(path))
    .map(({ path, text }) => ({ path: shownPath(parts.folder, path), text }));
  const use = await usesOf(parts, { templates, texts });
  const schemas = texts.filter(({ path, text }) => isSchema(path) && hasOutsideReference(text));
  const own = use.files ? parts.files : parts.files.filter(({ path }) => isStructural(path));
  const known = new Set(own.map(({ path }) => path));
  const fetched = parts.packed.map(({ file }) => file).filter(({ path }) => !known.has(path));
  return {
    files: [...own, ...fetched],
    usesCapabilities: use.capabilities || texts.some(({ path, text }) => isMeta(path) && /^kubeVersion:/m.test(text)),
    refusesSchema: schemas.length > 0,
    warnings: [
      ...unstableWarnings(templates),
      ...schemas.map(({ path }) => schemaWarning(shownPath(parts.folder, path))),
    ],
  };
}

/** Values count only where `tpl` makes templates of them. */
async function usesOf(
  { values, texts: inline }: ChartParts,
  { templates, texts }: { readonly templates: readonly TemplateText[]; readonly texts: readonly NamedText[] },
): Promise<TextUse> {
  const use = mergeUse(templates.map(({ text }) => scanTemplate(text)));
  if (!use.tpl || (use.files && use.capabilities)) return use;
  const chartValues = texts.filter(({ path }) => isValues(path)).map(({ text }) => text);
  const decoder = new TextDecoder();
  const given = await Promise.all(values.map(async (file) => decoder.decode(await file.read(MAX_TEXT_BYTES))));
  return mergeUse([use, ...[...chartValues, ...given, ...inline].map(scanText)]);
}

async function readTexts(files: readonly ChartFile[]): Promise<readonly NamedText[]> {
  const decoder = new TextDecoder();
  const wanted = files.filter(({ path }) => isTemplate(path) || isSchema(path) || isValues(path) || isMeta(path));
  return Promise.all(
    wanted.map(async ({ path, read }) => ({ path, text: decoder.decode(await read(MAX_TEXT_BYTES)) })),
  );
}

function textsOf({ file, contents }: PackedChart): readonly NamedText[] {
  const decoder = new TextDecoder();
  const inside = file.path.replace(/\.(tgz|tar\.gz)$/, '');
  const isText = ({ path }: ArchiveFile): boolean =>
    isTemplate(path) || isSchema(path) || isValues(path) || isMeta(path);
  return contents.filter(isText).map(({ path, bytes }) => ({ path: `${inside}/${path}`, text: decoder.decode(bytes) }));
}

function isSchema(path: string): boolean {
  return /^(charts\/[^/]+\/)*values\.schema\.json$/.test(path);
}

function isValues(path: string): boolean {
  return /^(charts\/[^/]+\/)*values\.yaml$/.test(path);
}

function isMeta(path: string): boolean {
  return /^(charts\/[^/]+\/)*Chart\.yaml$/.test(path);
}

function shownPath(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`;
}

function schemaWarning(path: string): string {
  return `${path}: the values were not checked, as the schema refers to another file or host. Write the schema out in one file.`;
}
