/** Versions of Kustomize and their build options (B21, B22): typed, from a list of what is permitted, never passed on as text (S2). */
import type { SettingsReader } from './reader.js';

/** Field names are those of the repo-server's `KustomizeOptions` message. */
export interface KustomizeOptions {
  readonly enableHelm: boolean;
  /** `legacy` or `none`, for versions that have the option; empty: not set. */
  readonly reorder: string;
  readonly managedByLabel: boolean;
  /** Files above a kustomization may be named, inside of the repository only. */
  readonly loadAnywhere: boolean;
  /** Options that are not permitted, without their values: sources of Kustomize are not rendered while there are any. */
  readonly refused: readonly string[];
}

export interface KustomizeVersion {
  /** Of the binary; empty: `kustomize-<version>` beside the default one. */
  readonly path: string;
  /** Absent: those of the installation. */
  readonly options?: KustomizeOptions;
}

export interface KustomizeSettings {
  readonly options: KustomizeOptions;
  /** By the name that `source.kustomize.version` uses. */
  readonly versions: Readonly<Record<string, KustomizeVersion>>;
}

export const PERMITTED_BUILD_OPTIONS =
  '--enable-helm, --enable-managedby-label, --load-restrictor LoadRestrictionsNone, --reorder legacy and --reorder none';

const OPTIONS_KEY = 'kustomize.buildOptions';

export function parseKustomizeSettings(reader: SettingsReader): KustomizeSettings {
  const versions: Record<string, { path: string; options?: KustomizeOptions }> = {};
  for (const key of Object.keys(reader.data).sort()) {
    const [, kind, name] = /^kustomize\.(path|version|buildOptions)\.(\S{1,60})$/.exec(key) ?? [];
    if (kind === undefined || name === undefined) continue;
    const version = versions[name] ?? { path: '' };
    if (kind === 'buildOptions') versions[name] = { ...version, options: parseOptions(reader, key) };
    // The older name of the key counts where the newer one is missing.
    else if (kind === 'path' || version.path === '') versions[name] = { ...version, path: reader.text(key) ?? '' };
  }
  return { options: parseOptions(reader, OPTIONS_KEY), versions };
}

/** Options whose value may follow as a word of its own. */
const WITH_VALUE = ['--reorder', '--load-restrictor'];

function parseOptions(reader: SettingsReader, key: string): KustomizeOptions {
  const words = (reader.text(key) ?? '').split(/[\s=]+/).filter((word) => word !== '');
  const options = {
    enableHelm: false,
    reorder: '',
    managedByLabel: false,
    loadAnywhere: false,
    refused: [] as string[],
  };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const value = WITH_VALUE.includes(word) ? (words[index + 1] ?? '') : '';
    if (value !== '') index += 1;
    if (!apply(options, word, value) && word.startsWith('-')) options.refused.push(word);
  }
  for (const option of options.refused) {
    reader.problem(key, `"${option}" is not permitted; of the build options only ${PERMITTED_BUILD_OPTIONS} are`);
  }
  return options;
}

type Draft = { -readonly [K in keyof KustomizeOptions]: KustomizeOptions[K] };

function apply(options: Draft, word: string, value: string): boolean {
  if (word === '--enable-helm') options.enableHelm = true;
  else if (word === '--enable-managedby-label') options.managedByLabel = true;
  else if (word === '--reorder' && (value === 'legacy' || value === 'none')) options.reorder = value;
  else if (word === '--load-restrictor' && /^(LoadRestrictionsNone|none)$/.test(value)) options.loadAnywhere = true;
  // What every version does without being told.
  else return word === '--load-restrictor' && /^(LoadRestrictionsRootOnly|rootOnly)$/.test(value);
  return true;
}
