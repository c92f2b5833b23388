/** `plugin.yaml` (B30): the description of a plugin that its sidecar reads at start. */
import { createHash } from 'node:crypto';
import { GitOpsError } from '@tiphys/model';
import { parseYaml } from '@tiphys/model/yaml';
import { z } from 'zod';
import type { ParameterDefault } from '../ports.js';

export interface PluginCommand {
  /** Program and arguments; never empty. */
  readonly command: readonly string[];
}

/** How a plugin tells which applications are for it (B31); the first that is given counts. */
export type PluginDiscovery =
  | { readonly kind: 'fileName'; readonly pattern: string }
  | { readonly kind: 'glob'; readonly pattern: string }
  | { readonly kind: 'command'; readonly run: PluginCommand };

export interface PluginSpec {
  /** With the version: `<name>-<version>`. */
  readonly name: string;
  readonly init?: PluginCommand;
  readonly generate: PluginCommand;
  readonly discover?: PluginDiscovery;
  readonly parameters: { readonly static: readonly ParameterDefault[]; readonly dynamic?: PluginCommand };
  readonly preserveFileMode: boolean;
  readonly provideGitCreds: boolean;
  /** `tiphys.dev/network`: `denied` where the plugin declares that it needs none. */
  readonly network: 'allowed' | 'denied';
  /** `tiphys.dev/revision: ignored`: it reads no variables about the commit. */
  readonly ignoresRevision: boolean;
  /** Of the text: equal digest, equal behaviour as far as the file decides it. */
  readonly digest: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const MAX_BYTES = 1024 * 1024;

const name = z.string({ error: 'must be a text' }).regex(NAME, 'must consist of letters, digits, ".", "_" and "-"');
const words = z.array(z.string({ error: 'must be a text; put it in quotes' }), { error: 'must be a list of texts' });
const command = z.object(
  { command: words.optional(), args: words.optional() },
  { error: 'must have command and args' },
);
const flag = z.boolean({ error: 'must be true or false' }).default(false);
const text = z.string({ error: 'must be a text; put it in quotes' }).optional();
export const ParameterSchema = z.object({
  name: z.string({ error: 'must be a text' }).min(1, 'must not be empty'),
  title: text,
  tooltip: text,
  required: z.boolean({ error: 'must be true or false' }).optional(),
  itemType: text,
  collectionType: z.enum(['', 'string', 'array', 'map'], { error: 'must be string, array or map' }).optional(),
  string: text,
  array: words.optional(),
  map: z.record(z.string(), z.string({ error: 'must be a text; put it in quotes' })).optional(),
});

const PluginSchema = z.object({
  apiVersion: z.literal('argoproj.io/v1alpha1', { error: 'must be argoproj.io/v1alpha1' }),
  kind: z.literal('ConfigManagementPlugin', { error: 'must be ConfigManagementPlugin' }),
  metadata: z.object(
    {
      name,
      annotations: z.record(z.string(), z.string({ error: 'must be a text; put it in quotes' })).default({}),
    },
    { error: 'must have a name' },
  ),
  spec: z.object(
    {
      version: name.optional(),
      init: command.optional(),
      generate: command,
      discover: z
        .object({ fileName: text, find: command.extend({ glob: text }).optional() }, { error: 'must be a mapping' })
        .optional(),
      parameters: z
        .object(
          { static: z.array(ParameterSchema).nullish(), dynamic: command.optional() },
          { error: 'must be a mapping' },
        )
        .optional(),
      preserveFileMode: flag,
      provideGitCreds: flag,
      fetch: z.never({ error: 'is not supported: sources come from the repo-server' }).optional(),
    },
    { error: 'must be a mapping' },
  ),
});
type Parsed = z.output<typeof PluginSchema>;

/** @throws GitOpsError InvalidSpec that lists everything wrong in the file. */
export function parsePluginConfig(content: string, origin: string): PluginSpec {
  if (content.length > MAX_BYTES) throw invalid(origin, [`has more than ${MAX_BYTES} characters`]);
  const parsed = PluginSchema.safeParse(parseYaml(content, { origin }) ?? {});
  if (!parsed.success) {
    throw invalid(
      origin,
      parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'} ${message}`),
    );
  }
  const { metadata, spec } = parsed.data;
  const generate = toCommand(spec.generate);
  const problems = [
    ...(generate === undefined ? ['spec.generate.command must not be empty'] : []),
    ...annotationProblems(metadata.annotations),
  ];
  if (generate === undefined || problems.length > 0) throw invalid(origin, problems);
  return { ...toSpec(parsed.data, generate), digest: createHash('sha256').update(content).digest('hex') };
}

function toSpec({ metadata, spec }: Parsed, generate: PluginCommand): Omit<PluginSpec, 'digest'> {
  const [init, dynamic] = [toCommand(spec.init), toCommand(spec.parameters?.dynamic)];
  const discover = toDiscovery(spec.discover);
  return {
    name: spec.version ? `${metadata.name}-${spec.version}` : metadata.name,
    generate,
    parameters: { static: toParameters(spec.parameters?.static), ...(dynamic === undefined ? {} : { dynamic }) },
    preserveFileMode: spec.preserveFileMode,
    provideGitCreds: spec.provideGitCreds,
    network: metadata.annotations[NETWORK] === 'denied' ? 'denied' : 'allowed',
    ignoresRevision: metadata.annotations[REVISION] === 'ignored',
    ...(init === undefined ? {} : { init }),
    ...(discover === undefined ? {} : { discover }),
  };
}

const NETWORK = 'tiphys.dev/network';
const REVISION = 'tiphys.dev/revision';

function annotationProblems(annotations: Readonly<Record<string, string>>): readonly string[] {
  const allowed: Readonly<Record<string, readonly string[]>> = {
    [NETWORK]: ['allowed', 'denied'],
    [REVISION]: ['used', 'ignored'],
  };
  return Object.entries(allowed)
    .filter(([key, values]) => annotations[key] !== undefined && !values.includes(annotations[key]))
    .map(([key, values]) => `metadata.annotations.${key} must be ${values.join(' or ')}`);
}

function toCommand(given: z.output<typeof command> | undefined): PluginCommand | undefined {
  const parts = [...(given?.command ?? [])];
  return parts.length === 0 ? undefined : { command: [...parts, ...(given?.args ?? [])] };
}

function toDiscovery(discover: Parsed['spec']['discover']): PluginDiscovery | undefined {
  if (discover?.fileName) return { kind: 'fileName', pattern: discover.fileName };
  if (discover?.find?.glob) return { kind: 'glob', pattern: discover.find.glob };
  const run = toCommand(discover?.find);
  return run === undefined ? undefined : { kind: 'command', run };
}

/** Without the fields that are not set. */
export function toParameters(
  given: readonly z.output<typeof ParameterSchema>[] | null | undefined,
): readonly ParameterDefault[] {
  return (given ?? []).map(
    (parameter) =>
      Object.fromEntries(
        Object.entries(parameter).filter(([, value]) => value !== undefined),
      ) as unknown as ParameterDefault,
  );
}

function invalid(origin: string, problems: readonly string[]): GitOpsError {
  return new GitOpsError(
    'InvalidSpec',
    `${origin} describes no plugin: ${problems.join('; ')}. Correct it and restart the sidecar.`,
  );
}
