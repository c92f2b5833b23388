/** Which Kustomize renders a source, and with which options (B21, B22). */
import { GitOpsError, type KustomizeSource } from '@tiphys/model';
import type { KustomizeOptions, RenderSettings } from '../ports.js';
import type { Toolbox } from '../workspace/ports.js';

export interface KustomizeTool {
  /** Name or path of the binary. */
  readonly tool: string;
  readonly options: KustomizeOptions;
  /** Of `kustomize build`; only what is the same for every source. */
  readonly args: readonly string[];
}

const PERMITTED =
  '--enable-helm, --enable-managedby-label, --load-restrictor LoadRestrictionsNone, --reorder legacy and --reorder none';

/** @throws GitOpsError InvalidSpec for a version that is not installed, ManifestGeneration for build options that are not permitted. */
export async function chooseTool(
  tools: Toolbox,
  { version = '' }: KustomizeSource,
  settings: RenderSettings,
): Promise<KustomizeTool> {
  const registered = settings.kustomizeVersions ?? {};
  const own = Object.hasOwn(registered, version) ? registered[version] : undefined;
  const options = own?.options ?? settings.kustomize ?? {};
  const [refused] = options.refused ?? [];
  if (refused !== undefined) {
    const key = own?.options === undefined ? 'kustomize.buildOptions' : `kustomize.buildOptions.${version}`;
    const next = `Permitted are ${PERMITTED}. Remove it from ${key} in argocd-cm.`;
    throw new GitOpsError('ManifestGeneration', `The build option ${refused.slice(0, 60)} is not permitted. ${next}`);
  }
  return { tool: await binaryOf(tools, { version, path: own?.path }), options, args: argumentsOf(options) };
}

interface Wanted {
  readonly version: string;
  readonly path: string | undefined;
}

/** The path of the settings, else `kustomize-v5.4.3` beside the default one, else the default one if that is its version. */
async function binaryOf(tools: Toolbox, { version, path }: Wanted): Promise<string> {
  if (version === '') return 'kustomize';
  if (path !== undefined) {
    if (tools.has(path)) return path;
    const next = 'Put the binary there (its name begins with "kustomize"), and its folder into TIPHYS_TOOL_PATH.';
    const message = `kustomize.path.${version.slice(0, 40)} names ${path.slice(0, 200)}, which is in no folder of tools. ${next}`;
    throw new GitOpsError('InvalidSpec', message);
  }
  const tool = `kustomize-${version}`;
  if (tools.has(tool)) return tool;
  if ((await tools.version('kustomize')) === version) return 'kustomize';
  const next = `Add a binary "${tool.slice(0, 60)}" to the repo-server's tools, or set kustomize.path.${version.slice(0, 40)} in argocd-cm, or remove spec.source.kustomize.version.`;
  throw new GitOpsError('InvalidSpec', `Kustomize ${version.slice(0, 40)} is not installed. ${next}`);
}

function argumentsOf({ reorder, managedByLabel }: KustomizeOptions): readonly string[] {
  return [
    ...(reorder === undefined ? [] : [`--reorder=${reorder}`]),
    ...(managedByLabel === true ? ['--enable-managedby-label'] : []),
  ];
}
