/** Deep links of argocd-cm (P18): where user interfaces send people from a project, an application or a resource. */
import { createReader, isRecord, type Parsed, type SettingsData, type SettingsReader } from './reader.js';

export interface DeepLinkSetting {
  readonly title: string;
  /** A Go template. */
  readonly url: string;
  readonly description?: string;
  readonly iconClass?: string;
  /** `if`: an expression. */
  readonly condition?: string;
}

export interface DeepLinkSettings {
  readonly application: readonly DeepLinkSetting[];
  readonly resource: readonly DeepLinkSetting[];
  readonly project: readonly DeepLinkSetting[];
}

/** Entries that are not understood are left out and reported. */
export function parseDeepLinks(argocdCm: SettingsData): Parsed<DeepLinkSettings> {
  const reader = createReader(argocdCm);
  const settings = {
    application: linksOf(reader, 'application.links'),
    resource: linksOf(reader, 'resource.links'),
    project: linksOf(reader, 'project.links'),
  };
  return { settings, problems: reader.problems };
}

function linksOf(reader: SettingsReader, key: string): readonly DeepLinkSetting[] {
  const value = reader.yaml(key);
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    reader.problem(key, 'must be a YAML list of {title, url, description, icon.class, if}');
    return [];
  }
  return value.flatMap((entry: unknown, index) => {
    const link = linkOf(entry);
    if (link === undefined) reader.problem(key, `entry ${index + 1} needs a title and a url, all fields being texts`);
    return link ?? [];
  });
}

const FIELDS = { description: 'description', iconClass: 'icon.class', condition: 'if' } as const;

function linkOf(entry: unknown): DeepLinkSetting | undefined {
  if (!isRecord(entry)) return undefined;
  const { title, url } = entry;
  if (typeof title !== 'string' || typeof url !== 'string' || url === '') return undefined;
  const present = Object.entries(FIELDS).flatMap(([name, key]) =>
    entry[key] === undefined || entry[key] === null ? [] : [[name, entry[key]] as const],
  );
  // YAML reads `if: true` as a truth value; the expression is its text.
  const texts = present.map(([name, value]) => [name, typeof value === 'boolean' ? String(value) : value] as const);
  if (texts.some(([, value]) => typeof value !== 'string')) return undefined;
  return { title, url, ...Object.fromEntries(texts) };
}
