/**
 * Settings that change while the services run: a value that cannot be used does not take the place of the good one before it.
 * The unit is one key of one ConfigMap or Secret; a removed key is a good value (its default), so it can be taken back.
 */
import { type InvalidSetting, redact } from '@tiphys/model';
import type { SettingsData, SettingsProblem } from './reader.js';
import type { SecretRecord } from './secret.js';

/** Everything that holds settings, as read. */
export interface SettingsInputs {
  /** By name; a missing ConfigMap is an empty one. In the order in which a key is looked for. */
  readonly configMaps: Readonly<Record<string, SettingsData>>;
  /** argocd-secret, decoded. */
  readonly secret: SettingsData;
  /** Repository, template and cluster Secrets. */
  readonly records: readonly SecretRecord[];
  /** Further Secrets that settings may refer to, by name. Absent: they were not read, and references are not judged. */
  readonly others?: Readonly<Record<string, SettingsData>>;
}

/** All that is wrong with the inputs. Keys of records are `<name of the Secret>/<key>`. */
export type SettingsCheck = (inputs: SettingsInputs) => readonly SettingsProblem[];

export interface KeptSettings {
  /** The inputs with the last good value in the place of each bad one; untouched parts are the same objects. */
  readonly inputs: SettingsInputs;
  readonly invalid: readonly InvalidSetting[];
}

export interface SettingsKeeper {
  /** Call it with every change, and once at the start. */
  update(inputs: SettingsInputs): KeptSettings;
}

/** Values of one object that were good when they were last seen, and keys of which no good value was seen. */
interface GoodValues {
  readonly data: SettingsData;
  readonly unknown: ReadonlySet<string>;
}

interface Source {
  readonly kind: InvalidSetting['kind'];
  readonly name: string;
  readonly data: SettingsData;
}

export function createSettingsKeeper(check: SettingsCheck, secretName: string): SettingsKeeper {
  let good: ReadonlyMap<string, GoodValues> = new Map();
  return {
    update: (inputs) => {
      const sources = sourcesOf(inputs, secretName);
      const problems = attribute(check(inputs), sources, secretName);
      const next = new Map<string, GoodValues>();
      const effective = new Map<string, SettingsData>();
      for (const source of sources) {
        const id = idOf(source);
        const bad = new Set(problems.filter(({ object }) => object === id).map(({ key }) => key));
        const known = good.get(id);
        const data = bad.size === 0 ? source.data : withLastGood(source.data, bad, known);
        effective.set(id, data);
        next.set(id, { data, unknown: new Set([...bad].filter((key) => isUnknown(known, key))) });
      }
      const before = good;
      good = next;
      return {
        inputs: replaceData(inputs, effective, secretName),
        invalid: problems.map((problem) => invalidSetting(problem, before.get(problem.object))),
      };
    },
  };
}

function sourcesOf({ configMaps, secret, records }: SettingsInputs, secretName: string): readonly Source[] {
  return [
    ...Object.entries(configMaps).map(([name, data]) => ({ kind: 'ConfigMap', name, data }) as const),
    { kind: 'Secret', name: secretName, data: secret },
    ...records.map(({ name, data }) => ({ kind: 'Secret', name, data }) as const),
  ];
}

function idOf({ kind, name }: Pick<Source, 'kind' | 'name'>): string {
  return `${kind}/${name}`;
}

interface AttributedProblem extends SettingsProblem {
  readonly object: string;
  readonly source: Pick<Source, 'kind' | 'name'>;
}

/** The object that holds the key; a key that is missing everywhere is missing in argocd-secret. */
function attribute(
  problems: readonly SettingsProblem[],
  sources: readonly Source[],
  secretName: string,
): readonly AttributedProblem[] {
  const found = problems.map(({ key, message }): AttributedProblem => {
    const [, record = '', field = ''] = /^([^/]+)\/([^/]+)$/.exec(key) ?? [];
    const owner = sources.find(({ kind, name }) => kind === 'Secret' && name === record && name !== secretName);
    const plain = sources.find(({ data }) => data[key] !== undefined);
    const source = owner ?? plain ?? { kind: 'Secret', name: secretName };
    return { key: owner === undefined ? key : field, message, source, object: idOf(source) };
  });
  const seen = new Set<string>();
  return found.filter(({ object, key, message }) => {
    const id = JSON.stringify([object, key, message]);
    const isNew = !seen.has(id);
    seen.add(id);
    return isNew;
  });
}

function isUnknown(known: GoodValues | undefined, key: string): boolean {
  return known === undefined || known.unknown.has(key);
}

function withLastGood(data: SettingsData, bad: ReadonlySet<string>, known: GoodValues | undefined): SettingsData {
  const result: Record<string, string> = { ...data };
  for (const key of bad) {
    if (known === undefined || known.unknown.has(key)) continue;
    const value = known.data[key];
    if (value === undefined) delete result[key];
    else result[key] = value;
  }
  return known !== undefined && isSame(known.data, result) ? known.data : result;
}

/** Who compares by identity sees no change. */
function isSame(left: SettingsData, right: SettingsData): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}

function replaceData(
  { configMaps, secret, records, others }: SettingsInputs,
  effective: ReadonlyMap<string, SettingsData>,
  secretName: string,
): SettingsInputs {
  const dataOf = (kind: InvalidSetting['kind'], name: string, raw: SettingsData) =>
    effective.get(idOf({ kind, name })) ?? raw;
  const entries = Object.entries(configMaps).map(([name, raw]) => [name, dataOf('ConfigMap', name, raw)] as const);
  return {
    ...(others === undefined ? {} : { others }),
    configMaps: Object.fromEntries(entries),
    secret: dataOf('Secret', secretName, secret),
    records: records.map((record) => {
      const data = dataOf('Secret', record.name, record.data);
      return data === record.data ? record : { ...record, data };
    }),
  };
}

function invalidSetting({ source, key, message }: AttributedProblem, known: GoodValues | undefined): InvalidSetting {
  const uses = isUnknown(known, key) ? 'default' : 'last good value';
  return { kind: source.kind, object: source.name, key, message: shownMessage(source.kind, message), uses };
}

const MAX_MESSAGE = 300;

/** What a parser quotes may be a secret that was put in the wrong place: nothing is quoted from Secrets, and one line from ConfigMaps. */
function shownMessage(kind: InvalidSetting['kind'], message: string): string {
  const [line = ''] = message.split('\n');
  const plain = kind === 'Secret' ? line.replace(/"[^"]*"/g, 'its value') : line;
  return redact(plain.slice(0, MAX_MESSAGE));
}
