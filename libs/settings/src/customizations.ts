/** `resource.customizations.<what>.<group_Kind>` (C09, C12, C19, E05) and the older single `resource.customizations`. */
import type { GroupKind, KnownTypeField, ResourceIgnoreDifferences } from '@tiphys/model';
import { parseYaml } from '@tiphys/model/yaml';
import { isRecord, type SettingsReader, stringsOf } from './reader.js';

const PREFIX = 'resource.customizations';

/** Names in the older map, where they differ. */
const LEGACY_FIELDS: Readonly<Record<string, string>> = {
  health: 'health.lua',
  useOpenLibs: 'health.lua.useOpenLibs',
};

/** One customization as written: `value` is text for scripts (Lua) and parsed YAML for rules. */
export interface Customization extends GroupKind {
  readonly key: string;
  readonly value: unknown;
}

/** A health script of the administrator (E05). Group and kind may hold globs. */
export interface HealthScript extends GroupKind {
  readonly lua: string;
  readonly useOpenLibs: boolean;
}

/** Group and kind may hold globs; `all` reads as group `*`, kind `*`. */
export function parseIgnoreRules(
  reader: SettingsReader,
  what: 'ignoreDifferences' | 'ignoreResourceUpdates',
): readonly ResourceIgnoreDifferences[] {
  return customizations(reader, what).flatMap(({ key, group, kind, value }): readonly ResourceIgnoreDifferences[] => {
    const rules = typeof value === 'string' ? parseText(reader, key, value) : value;
    if (rules === undefined) return [];
    if (!isRecord(rules)) {
      reader.problem(key, 'must be an object with jsonPointers, jqPathExpressions or managedFieldsManagers');
      return [];
    }
    return [
      {
        group,
        kind,
        jsonPointers: [...stringsOf(rules['jsonPointers'])],
        jqPathExpressions: [...stringsOf(rules['jqPathExpressions'])],
        managedFieldsManagers: [...stringsOf(rules['managedFieldsManagers'])],
      },
    ];
  });
}

export function parseHealthScripts(reader: SettingsReader): readonly HealthScript[] {
  const open = new Set(
    customizations(reader, 'useOpenLibs')
      .filter(({ value }) => value === true || value === 'true')
      .map(({ group, kind }) => `${group}/${kind}`),
  );
  return customizations(reader, 'health').flatMap(({ group, kind, value }) =>
    typeof value === 'string' && value.trim() !== ''
      ? [{ group, kind, lua: value, useOpenLibs: open.has(`${group}/${kind}`) }]
      : [],
  );
}

export function parseKnownTypeFields(reader: SettingsReader): readonly KnownTypeField[] {
  return customizations(reader, 'knownTypeFields').flatMap(({ key, group, kind, value }) => {
    const entries: unknown = typeof value === 'string' ? parseText(reader, key, value) : value;
    return (Array.isArray(entries) ? entries : []).flatMap((entry: unknown): readonly KnownTypeField[] => {
      if (!isRecord(entry)) return [];
      const { field, type } = entry;
      return typeof field === 'string' && typeof type === 'string' ? [{ group, kind, field, type }] : [];
    });
  });
}

/** Entries of one sort: the older map first, then the keys of their own. */
export function customizations(reader: SettingsReader, what: string): readonly Customization[] {
  const prefix = `${PREFIX}.${what}.`;
  const single = Object.entries(reader.data)
    .filter(([key]) => key.startsWith(prefix))
    .flatMap(([key, value]) => {
      const groupKind = parseGroupKind(key.slice(prefix.length), '_');
      if (groupKind !== undefined) return [{ key, ...groupKind, value }];
      reader.problem(key, 'must end in <group>_<Kind>, <Kind> for the core group, or all');
      return [];
    });
  return [...legacyCustomizations(reader, what), ...single];
}

/** `resource.customizations: | { apps/Deployment: { ignoreDifferences: "…", health.lua: "…" } }` */
function legacyCustomizations(reader: SettingsReader, what: string): readonly Customization[] {
  if (reader.data[PREFIX] === undefined) return [];
  const all = parseText(reader, PREFIX, reader.data[PREFIX]);
  if (!isRecord(all)) return [];
  return Object.entries(all).flatMap(([name, fields]) => {
    const groupKind = parseGroupKind(name, '/');
    const value = isRecord(fields) ? fields[LEGACY_FIELDS[what] ?? what] : undefined;
    return groupKind === undefined || value === undefined ? [] : [{ key: PREFIX, ...groupKind, value }];
  });
}

function parseGroupKind(text: string, separator: string): GroupKind | undefined {
  if (text === 'all') return { group: '*', kind: '*' };
  const parts = text.split(separator);
  const [first = '', second] = parts;
  if (parts.length > 2 || (second ?? first) === '') return undefined;
  return second === undefined ? { group: '', kind: first } : { group: first, kind: second };
}

function parseText(reader: SettingsReader, key: string, text: string): unknown {
  try {
    return parseYaml(text, { origin: key });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const known = reader.problems.some((problem) => problem.key === key && problem.message === message);
    if (!known) reader.problem(key, message);
    return undefined;
  }
}
