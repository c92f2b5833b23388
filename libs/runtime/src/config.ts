/**
 * Configuration of a process: one zod schema, filled from flags, environment and secret files, parsed once and frozen.
 * This folder is the only one that reads `process.env`.
 */
import { readFileSync } from 'node:fs';
import { redact } from '@tiphys/model';
import type { z } from 'zod';

type AnySchema = z.ZodObject;

export interface ConfigOptions {
  /** Name of the process, for the help text. */
  readonly name: string;
  /** Prefix of the environment variables; default `TIPHYS_`. */
  readonly prefix?: string;
  /** Further environment variables of a setting, without the prefix: `{ kubeconfig: ['KUBECONFIG'] }`. */
  readonly aliases?: Readonly<Record<string, readonly string[]>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Arguments after the program's name; default those of this process. */
  readonly argv?: readonly string[];
}

export type ConfigResult<T> =
  | { readonly kind: 'config'; readonly value: Readonly<T> }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'invalid'; readonly message: string };

/**
 * The setting `redisAddress` comes from the flag `--redis-address`, else `TIPHYS_REDIS_ADDRESS`, else the content of the
 * file that `TIPHYS_REDIS_ADDRESS_FILE` or `--redis-address-file` names (for secrets), else the schema's default.
 * Values are texts: use `z.coerce.number()`, `z.stringbool()` and the like.
 */
export function parseConfig<S extends AnySchema>(schema: S, options: ConfigOptions): ConfigResult<z.output<S>> {
  const argv = options.argv ?? process.argv.slice(2);
  const flags = parseFlags(argv);
  if (flags.has('help')) return { kind: 'help', text: helpText(schema, options) };
  const names = Object.keys(schema.shape);
  const problems = unknownFlags(flags, names);
  const raw: Record<string, string> = {};
  for (const name of names) {
    const found = readSetting(name, flags, options);
    if (found.kind === 'problem') problems.push(found.text);
    else if (found.value !== undefined) raw[name] = found.value;
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => describeIssue(issue, raw, options)));
  if (problems.length > 0) return { kind: 'invalid', message: invalidText(problems, options) };
  return { kind: 'config', value: Object.freeze(parsed.data as z.output<S>) };
}

/** parseConfig for a `main`: prints the help and exits 0, or prints every wrong setting and exits 2. */
export function loadConfig<S extends AnySchema>(schema: S, options: ConfigOptions): Readonly<z.output<S>> {
  const result = parseConfig(schema, options);
  if (result.kind === 'config') return result.value;
  if (result.kind === 'help') {
    process.stdout.write(`${result.text}\n`);
    process.exit(0);
  }
  process.stderr.write(`${result.message}\n`);
  process.exit(2);
}

type Found =
  | { readonly kind: 'value'; readonly value: string | undefined }
  | { readonly kind: 'problem'; readonly text: string };

function readSetting(name: string, flags: ReadonlyMap<string, string>, options: ConfigOptions): Found {
  const env = options.env ?? process.env;
  const variables = environmentNames(name, options);
  const direct = flags.get(kebab(name)) ?? variables.map((variable) => env[variable]).find(isSet);
  if (direct !== undefined) return { kind: 'value', value: direct };
  const fileVariable = variables.map((variable) => `${variable}_FILE`).find((variable) => isSet(env[variable]));
  const file = flags.get(`${kebab(name)}-file`) ?? (fileVariable === undefined ? undefined : env[fileVariable]);
  if (file === undefined) return { kind: 'value', value: undefined };
  try {
    return { kind: 'value', value: readFileSync(file, 'utf8').replace(/\r?\n$/, '') };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const source = fileVariable ?? `--${kebab(name)}-file`;
    return { kind: 'problem', text: `${source}: cannot read the file: ${reason}` };
  }
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function environmentNames(name: string, options: ConfigOptions): readonly string[] {
  const { prefix = 'TIPHYS_', aliases = {} } = options;
  return [`${prefix}${kebab(name).replaceAll('-', '_').toUpperCase()}`, ...(aliases[name] ?? [])];
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `--name=value`, `--name value`, and `--name` alone for true. */
function parseFlags(argv: readonly string[]): Map<string, string> {
  const flags = new Map<string, string>();
  for (let index = 0; index < argv.length; index += 1) {
    const [name = '', ...rest] = (argv[index] ?? '').split('=');
    const next = argv[index + 1];
    if (!name.startsWith('--')) {
      flags.set(name, '');
    } else if (rest.length > 0) {
      flags.set(name.slice(2), rest.join('='));
    } else if (next === undefined || next.startsWith('--')) {
      flags.set(name.slice(2), 'true');
    } else {
      flags.set(name.slice(2), next);
      index += 1;
    }
  }
  return flags;
}

function unknownFlags(flags: ReadonlyMap<string, string>, names: readonly string[]): string[] {
  const known = new Set(names.flatMap((name) => [kebab(name), `${kebab(name)}-file`]));
  const unknown = [...flags.keys()].filter((flag) => !known.has(flag));
  return unknown.map((flag) => `"${flag}" is not a setting of this process: see --help`);
}

interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function describeIssue(issue: Issue, raw: Readonly<Record<string, string>>, options: ConfigOptions): string {
  const name = String(issue.path[0] ?? '');
  const variable = environmentNames(name, options)[0] ?? name;
  const message = raw[name] === undefined ? `is required: set it, ${variable}_FILE or the flag` : redact(issue.message);
  return `${variable} (--${kebab(name)}): ${message}`;
}

function invalidText(problems: readonly string[], options: ConfigOptions): string {
  const lines = problems.map((problem) => `  - ${problem}`);
  return [
    `${options.name}: ${problems.length} wrong or missing setting(s):`,
    ...lines,
    'Correct them, or see --help.',
  ].join('\n');
}

function helpText(schema: AnySchema, options: ConfigOptions): string {
  const rows = Object.entries(schema.shape).map(([name, type]) => {
    const setting = type as z.ZodType;
    const fallback = setting.safeParse(undefined);
    const value = fallback.success && fallback.data !== undefined ? ` (default ${show(fallback.data)})` : '';
    const optional = fallback.success ? value : ' (required)';
    const text = `${setting.description ?? ''}${optional}`.trim();
    return `  --${kebab(name)}, ${environmentNames(name, options).join(', ')}\n      ${text}`;
  });
  const secrets = 'A setting can also be read from a file: add -file to the flag or _FILE to the variable.';
  return [`Usage: ${options.name} [--setting value]...`, secrets, '', ...rows].join('\n');
}

/** Addresses have been parsed already. */
function show(value: unknown): string {
  const isAddress = typeof value === 'object' && value !== null && 'host' in value && 'port' in value;
  return isAddress ? `${String(value.host)}:${String(value.port)}` : String(value);
}
