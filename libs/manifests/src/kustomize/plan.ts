/** The renderer of Kustomize sources (B15-B23). */
import { GitOpsError, type KustomizeSource } from '@tiphys/model';
import { buildEnvironment } from '../build-environment.js';
import { parseYamlManifests } from '../directory/parse-file.js';
import type { ReadSet, RenderPlan, RenderRequest, RenderResult, SourceEntry } from '../ports.js';
import { canonicalJson, renderKey } from '../render-key.js';
import type { RecordedTree } from '../tree/recorded-tree.js';
import { joinPath } from '../tree/source-path.js';
import type { ToolArgument, Toolbox, WorkspaceFile } from '../workspace/ports.js';
import { refuseBombs } from './bombs.js';
import { type Collection, type HelmInflation, inputsOf, startCollection, workspaceFiles } from './collection.js';
import { editKustomization } from './edit.js';
import { mountRemote } from './mounts.js';
import { collectFolder } from './read-set.js';
import { isRemote } from './remote.js';
import { chooseTool } from './tool.js';

export interface KustomizePlanRequest extends RenderRequest {
  readonly recorded: RecordedTree;
  readonly folder: SourceEntry;
}

/** Reads kustomization files, and nothing that they name except more of them; fetches remote bases and charts. */
export async function planKustomize(request: KustomizePlanRequest): Promise<RenderPlan> {
  const { tree, recorded, folder, source, settings, application, tools } = request;
  const options = source.kustomize ?? {};
  const { tool, args, options: build } = await chooseTool(tools, options, settings);
  const helm: HelmInflation = build.enableHelm === true ? 'allowed' : 'refused';
  const { remotes, charts: chartAccess, signal } = request;
  const loadAnywhere = build.loadAnywhere === true;
  const collection = startCollection({ tree, recorded, helm, remotes, chartAccess, loadAnywhere, signal });
  const found = await collectFolder(collection, folder.path);
  const components = await findComponents(collection, folder.path, options);
  const environment = buildEnvironment({ source, commit: tree.commit, application });
  const edited = editKustomization(found.content, { options, environment, components });
  if (edited !== found.content) collection.edits.set(found.path, edited);
  const inflation = usesCharts(collection) ? await inflationOf(request, tools) : undefined;
  return {
    sourceType: 'Kustomize',
    readSet: readSetOf(collection),
    key: renderKey({
      type: 'Kustomize',
      tool: `${tool} ${await tools.version(tool)}`,
      folder: folder.path,
      inputs: inputsOf(collection),
      edited: edited === found.content ? undefined : canonicalJson(jsonSafe(edited)),
      inflation: inflation?.key,
      args: args.length === 0 ? undefined : args,
    }),
    ...(environment.usedCommit || collection.mounts.size > 0 || collection.unpinned.size > 0
      ? { dependsOnCommit: true }
      : {}),
    render: (renderSignal) =>
      runBuild(
        {
          tools,
          tool,
          folder: folder.path,
          files: workspaceFiles(collection),
          args: [...args, ...(inflation?.args ?? [])],
        },
        renderSignal,
      ),
  };
}

/** Components of the source (B20), relative to its folder. */
async function findComponents(
  collection: Collection,
  folder: string,
  { components = [], ignoreMissingComponents }: KustomizeSource,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const component of components) {
    if (isRemote(component)) {
      const place = { folder, file: 'spec.source.kustomize' };
      const base = await mountRemote(collection, place, { kind: 'folder', text: component, field: 'components' });
      await collectFolder(base.collection, base.folder);
      found.push(base.relative);
      continue;
    }
    const path = joinPath(folder, component);
    const result = path === undefined ? undefined : await collection.recorded.lookup(path);
    if (result?.kind === 'found' && result.entry.kind === 'tree') {
      await collectFolder(collection, result.entry.path);
      found.push(component);
    } else if (result?.kind !== 'missing' || ignoreMissingComponents !== true) {
      throw missingComponent(component, result === undefined || result.kind === 'illegal');
    }
  }
  return found;
}

function missingComponent(component: string, isOutside: boolean): GitOpsError {
  const what = isOutside ? 'is not inside of the repository' : 'is not a folder of the repository';
  const next = 'Correct spec.source.kustomize.components, or set ignoreMissingComponents.';
  return new GitOpsError('ManifestGeneration', `The component "${component.slice(0, 200)}" ${what}. ${next}`);
}

function usesCharts(collection: Collection): boolean {
  return [collection, ...collection.mounts.values()].some(({ charts, fetched }) => charts.size + fetched.size > 0);
}

interface Inflation {
  readonly args: readonly ToolArgument[];
  readonly key: unknown;
}

/** What inflated charts see of the cluster (B10, B22). */
async function inflationOf({ source, application }: RenderRequest, tools: Toolbox): Promise<Inflation> {
  const kubeVersion = source.kustomize?.kubeVersion || application.kubeVersion;
  const given = source.kustomize?.apiVersions ?? [];
  const apiVersions = given.length > 0 ? given : application.apiVersions;
  return {
    args: [
      '--enable-helm',
      '--helm-command',
      { tool: 'helm' },
      ...(kubeVersion === '' ? [] : [`--helm-kube-version=${kubeVersion}`]),
      ...apiVersions.map((version) => `--helm-api-versions=${version}`),
    ],
    key: { helm: await tools.version('helm'), kubeVersion, apiVersions },
  };
}

/** Folders count where all of them is read. */
function readSetOf({ recorded, charts }: Collection): ReadSet {
  const folders = [...charts].map(([path, oid]) => ({ path, oid }));
  return [...recorded.fileReadSet(), ...folders].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Integers beyond 2^53 are bigint, which JSON has no word for. */
function jsonSafe(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `${item}n` : item)));
}

interface Build {
  readonly tools: Toolbox;
  readonly tool: string;
  readonly folder: string;
  readonly files: readonly WorkspaceFile[];
  readonly args: readonly ToolArgument[];
}

async function runBuild({ tools, tool, folder, files, args }: Build, signal: AbortSignal): Promise<RenderResult> {
  await refuseBombs(files, signal);
  const { stdout } = await tools.withWorkspace(
    files,
    (workspace) => tools.run({ tool, args: ['build', ...args, workspace.path(folder)], workspace }, signal),
    signal,
  );
  return { manifests: await parseYamlManifests(`kustomize build ${folder || '.'}`, stdout), warnings: [] };
}
