/** Reads typed values out of ConfigMap data; a bad value becomes the default and a problem, never an exception. */
import { parseDuration } from '@tiphys/model';
import { parseYaml } from '@tiphys/model/yaml';

/** The `data` of a ConfigMap, or of a Secret after decoding. */
export type SettingsData = Readonly<Record<string, string>>;

/** A value that was not understood; the default is used instead. `message` says what to write. */
export interface SettingsProblem {
  readonly key: string;
  readonly message: string;
}

export interface Parsed<T> {
  readonly settings: T;
  readonly problems: readonly SettingsProblem[];
}

export interface SettingsReader {
  readonly data: SettingsData;
  readonly problems: SettingsProblem[];
  /** Trimmed; undefined when absent or empty. */
  text(key: string): string | undefined;
  flag(key: string, fallback: boolean): boolean;
  /** A whole number of at least `minimum` (default 0). */
  count(key: string, fallback: number, minimum?: number): number;
  /** Milliseconds, from a Go duration. */
  durationMs(key: string, fallback: number): number;
  oneOf<T extends string>(key: string, values: readonly T[], fallback: T): T;
  /** Comma-separated, trimmed, without empty entries. */
  list(key: string): readonly string[];
  /** A YAML value; undefined when absent or not YAML (then a problem is noted). */
  yaml(key: string): unknown;
  problem(key: string, message: string): void;
}

export function createReader(data: SettingsData): SettingsReader {
  const problems: SettingsProblem[] = [];
  const problem = (key: string, message: string) => void problems.push({ key, message });
  const text = (key: string) => {
    const value = data[key]?.trim();
    return value === '' ? undefined : value;
  };
  return {
    data,
    problems,
    problem,
    text,
    flag: (key, fallback) => {
      const value = text(key);
      const parsed = parseFlag(value);
      if (value !== undefined && parsed === undefined) problem(key, `"${value}" is not true or false`);
      return parsed ?? fallback;
    },
    count: (key, fallback, minimum = 0) => {
      const value = text(key);
      if (value === undefined) return fallback;
      const parsed = Number(value);
      if (Number.isSafeInteger(parsed) && parsed >= minimum) return parsed;
      problem(key, `"${value}" is not a whole number of at least ${minimum}`);
      return fallback;
    },
    durationMs: (key, fallback) => {
      const value = text(key);
      if (value === undefined) return fallback;
      const parsed = parseDuration(value);
      if (parsed !== undefined && parsed >= 0) return parsed;
      problem(key, `"${value}" is not a duration; write it like 180s, 3m or 1h30m`);
      return fallback;
    },
    oneOf: (key, values, fallback) => {
      const value = text(key);
      const known = values.find((candidate) => candidate === value);
      if (value !== undefined && known === undefined) problem(key, `"${value}" is not one of ${values.join(', ')}`);
      return known ?? fallback;
    },
    list: (key) => splitList(text(key) ?? ''),
    yaml: (key) => {
      const value = text(key);
      if (value === undefined) return undefined;
      try {
        return parseYaml(value, { origin: key });
      } catch (error) {
        problem(key, error instanceof Error ? error.message : String(error));
        return undefined;
      }
    },
  };
}

/** Go's strconv.ParseBool spellings; undefined for anything else. */
export function parseFlag(value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (/^(?:1|t|T|TRUE|true|True)$/.test(value)) return true;
  return /^(?:0|f|F|FALSE|false|False)$/.test(value) ? false : undefined;
}

export function splitList(value: string): readonly string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** The strings of a YAML list; other entries are left out. */
export function stringsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Leaves out the fields that are undefined or empty text. */
export function compact<T extends object>(object: { readonly [K in keyof T]: T[K] | undefined | '' }): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && value !== '')) as T;
}
