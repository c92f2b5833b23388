/** The variables that a plugin sees beside those of its container (B32, B33). */
import { type ApplicationSource, GitOpsError, type PluginSource } from '@tiphys/model';
import { type BuildEnvironment, buildEnvironment } from '../build-environment.js';
import type { RenderApplication } from '../ports.js';
import type { PluginEnvironment } from './ports.js';

export interface PluginEnvironmentRequest {
  readonly source: ApplicationSource;
  readonly commit: string;
  readonly application: RenderApplication;
}

export interface PluginVariables {
  /** In the order in which later ones win: build environment, `ARGOCD_ENV_*`, parameters. */
  readonly environment: PluginEnvironment;
  /** The same without the variables about the commit. */
  readonly withoutRevision: PluginEnvironment;
}

const REVISION = /^ARGOCD_APP_REVISION/;
const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/** @throws GitOpsError InvalidSpec for a variable that no process can have. */
export function pluginVariables(request: PluginEnvironmentRequest): PluginVariables {
  const build = buildEnvironment(request);
  const plugin = request.source.plugin;
  const own = { ...userVariables(plugin, build), ...(plugin === undefined ? {} : parameterVariables(plugin)) };
  const unsuitable = Object.entries(own).find(([, value]) => value.includes('\0'));
  if (unsuitable !== undefined) throw wrongVariable(unsuitable[0], 'has a zero byte');
  const withoutRevision = Object.entries(build.values).filter(([name]) => !REVISION.test(name));
  return {
    environment: { ...build.values, ...own },
    withoutRevision: { ...Object.fromEntries(withoutRevision), ...own },
  };
}

/** The prefix keeps an application from setting PATH and the like. */
function userVariables(plugin: PluginSource | undefined, build: BuildEnvironment): PluginEnvironment {
  const entries = (plugin?.env ?? []).map(({ name, value }) => {
    if (!NAME.test(name)) throw wrongVariable(name, 'is no name of a variable');
    return [`ARGOCD_ENV_${name}`, build.substitute(value)] as const;
  });
  return Object.fromEntries(entries);
}

function parameterVariables({ parameters }: PluginSource): PluginEnvironment {
  const variables: Record<string, string> = { ARGOCD_APP_PARAMETERS: JSON.stringify(parameters ?? null) };
  for (const { name = '', string, map, array } of parameters ?? []) {
    const base = `PARAM_${variableName(name)}`;
    if (string !== undefined) variables[base] = string;
    for (const [key, value] of Object.entries(map ?? {})) variables[`${base}_${variableName(key)}`] = value;
    for (const [index, value] of (array ?? []).entries()) variables[`${base}_${index}`] = value;
  }
  return variables;
}

function variableName(text: string): string {
  return text.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
}

function wrongVariable(name: string, why: string): GitOpsError {
  const shown = JSON.stringify(name.slice(0, 100));
  return new GitOpsError('InvalidSpec', `The variable ${shown} of the plugin ${why}. Correct spec.source.plugin.`);
}
