/** `resource.customizations.actions.<group_Kind>` (E12): the administrator's actions on live objects. */
import type { GroupKind } from '@tiphys/model';
import { parseYaml } from '@tiphys/model/yaml';
import { customizations } from './customizations.js';
import { createReader, isRecord, type Parsed, type SettingsData, type SettingsReader } from './reader.js';

/** Group and kind may hold globs. */
export interface ActionCustomization extends GroupKind {
  readonly discoveryLua: string;
  readonly definitions: readonly { readonly name: string; readonly lua: string }[];
  /** False: the built-in actions of the kind are gone. */
  readonly mergeBuiltinActions: boolean;
  readonly useOpenLibs: boolean;
}

export function parseActionCustomizations(argocdCm: SettingsData): Parsed<readonly ActionCustomization[]> {
  const reader = createReader(argocdCm);
  const open = new Set(
    customizations(reader, 'useOpenLibs')
      .filter(({ value }) => value === true || value === 'true')
      .map(({ group, kind }) => `${group}/${kind}`),
  );
  const settings = customizations(reader, 'actions').flatMap(({ key, group, kind, value }) => {
    const fields = fieldsOf(reader, key, value);
    return fields === undefined ? [] : [{ group, kind, ...fields, useOpenLibs: open.has(`${group}/${kind}`) }];
  });
  return { settings, problems: reader.problems };
}

type ActionFields = Omit<ActionCustomization, keyof GroupKind | 'useOpenLibs'>;

function fieldsOf(reader: SettingsReader, key: string, value: unknown): ActionFields | undefined {
  const fields = typeof value === 'string' ? parsed(reader, key, value) : value;
  if (fields === undefined) return undefined;
  if (!isRecord(fields)) {
    reader.problem(key, 'must be an object with discovery.lua and definitions');
    return undefined;
  }
  const { 'discovery.lua': discovery, definitions, mergeBuiltinActions } = fields;
  return {
    discoveryLua: typeof discovery === 'string' ? discovery : '',
    definitions: Array.isArray(definitions) ? definitions.flatMap((entry) => definitionOf(reader, key, entry)) : [],
    mergeBuiltinActions: mergeBuiltinActions === true,
  };
}

function definitionOf(reader: SettingsReader, key: string, entry: unknown): ActionFields['definitions'] {
  const { name, 'action.lua': lua } = isRecord(entry) ? entry : {};
  if (typeof name === 'string' && name !== '' && typeof lua === 'string') return [{ name, lua }];
  reader.problem(key, 'each of the definitions must have a name and action.lua');
  return [];
}

function parsed(reader: SettingsReader, key: string, text: string): unknown {
  try {
    return parseYaml(text, { origin: key });
  } catch (error) {
    reader.problem(key, error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
