/** The arguments of `helm template`. Nothing from a source begins an argument: every text follows our own `--option=` (S2). */
import { GitOpsError, type HelmSource } from '@tiphys/model';
import type { BuildEnvironment } from '../build-environment.js';
import type { ToolArgument } from '../workspace/index.js';

export interface TemplateArguments {
  readonly source: HelmSource;
  readonly environment: BuildEnvironment;
  /** Name part of the application. */
  readonly defaultRelease: string;
  readonly defaultNamespace: string;
  /** Paths in the workspace, in order. */
  readonly values: readonly string[];
  readonly fileParameters: readonly { readonly name: string; readonly path: string }[];
  /** Empty when the chart does not look at them. */
  readonly kubeVersion: string;
  readonly apiVersions: readonly string[];
  readonly skipSchemaValidation: boolean;
}

const MAX_ARGUMENT_BYTES = 100 * 1024;
const CHART_FOLDER = 'chart';

/** @throws GitOpsError InvalidSpec for parameters that Helm could not take. */
export function templateArguments(given: TemplateArguments): readonly ToolArgument[] {
  const { source, environment } = given;
  const { plain, strings } = parameters(source, environment);
  const flags: readonly string[] = [
    `--namespace=${source.namespace || given.defaultNamespace}`,
    ...(given.kubeVersion === '' ? [] : [`--kube-version=${checkVersion(given.kubeVersion)}`]),
    ...given.apiVersions.map((version) => `--api-versions=${version}`),
    ...given.values.map((path) => `--values=${path}`),
    ...plain.map((assignment) => `--set=${assignment}`),
    ...strings.map((assignment) => `--set-string=${assignment}`),
    ...given.fileParameters.map(({ name, path }) => `--set-file=${name}=${path}`),
    source.skipCrds === true ? '--skip-crds' : '--include-crds',
    ...(source.skipTests === true ? ['--skip-tests'] : []),
    ...(given.skipSchemaValidation ? ['--skip-schema-validation'] : []),
  ];
  const tooLong = flags.find((flag) => Buffer.byteLength(flag) > MAX_ARGUMENT_BYTES);
  if (tooLong !== undefined) {
    const what = `${tooLong.slice(0, 60)}...`;
    throw new GitOpsError(
      'InvalidSpec',
      `The parameter ${what} is too long. Use spec.source.helm.valuesObject instead.`,
    );
  }
  const release = source.releaseName || given.defaultRelease;
  return ['template', ...flags, '--', { input: release }, CHART_FOLDER];
}

interface Assignments {
  readonly plain: readonly string[];
  readonly strings: readonly string[];
}

/** Of parameters with the same name the last one counts, as in Argo CD. */
function parameters({ parameters: given = [] }: HelmSource, environment: BuildEnvironment): Assignments {
  const plain = new Map<string, string>();
  const strings = new Map<string, string>();
  for (const { name = '', value = '', forceString } of given) {
    (forceString === true ? strings : plain).set(name, escapeCommas(environment.substitute(value)));
  }
  const toList = (map: ReadonlyMap<string, string>): readonly string[] =>
    [...map].map(([name, value]) => `${name}=${value}`);
  return { plain: toList(plain), strings: toList(strings) };
}

/** A comma would end the value, except in Helm's list syntax `{a,b}`. Commas that are escaped already stay. */
export function escapeCommas(value: string): string {
  if (value.startsWith('{') && value.endsWith('}')) return value;
  return value.replace(/(?<!\\),/g, '\\,');
}

/** What Kubernetes servers call themselves: `v1.31.2-gke.100+k3s1`. */
function checkVersion(version: string): string {
  if (/^v?\d+(\.\d+){0,2}([-+][\w.+-]*)?$/.test(version)) return version;
  const next = 'Write it as 1.31 or v1.31.2.';
  throw new GitOpsError('InvalidSpec', `"${version.slice(0, 60)}" is no Kubernetes version. ${next}`);
}

/** `valuesObject` replaces `values` (B07); as JSON, in which a key `y` is no boolean. Undefined when there are none. */
export function inlineValues(
  { valuesObject, values }: HelmSource,
  stringify: (value: unknown) => string,
): string | undefined {
  if (valuesObject !== undefined) return stringify(valuesObject);
  return values === undefined || values === '' ? undefined : values;
}
