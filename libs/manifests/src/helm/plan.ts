/** The renderer of Helm charts: `helm template` in a workspace that holds exactly what the chart can read (B04-B14). */
import { GitOpsError, isGitOpsError } from '@tiphys/model';
import { stringifyJson } from '@tiphys/model/yaml';
import { type BuildEnvironment, buildEnvironment } from '../build-environment.js';
import type { RenderPlan, RenderResult } from '../ports.js';
import { renderKey } from '../render-key.js';
import type { ToolArgument, WorkspaceFile } from '../workspace/index.js';
import { inlineValues, templateArguments } from './arguments.js';
import { collectChartFiles } from './chart-files.js';
import { completeDependencies } from './dependencies.js';
import { inspectChart } from './inspect.js';
import { parseOutput } from './output.js';
import { chooseHelm } from './tool.js';
import type { ChartFile, HelmPlanRequest } from './types.js';
import { findValueFiles, type ValueFile, type ValueFiles } from './value-files.js';

/** A file of the workspace, by content. */
interface InputFile extends ChartFile {
  /** What the user calls it. */
  readonly shown: string;
}

const NEVER = new AbortController().signal;
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/**
 * Reads the chart's texts, to know what it depends on: a chart that does not use `.Files` or `.Capabilities` is not rendered
 * again when a README, other environments' values or the cluster's version change.
 * @throws GitOpsError InvalidSpec or ManifestGeneration.
 */
export async function planHelm(request: HelmPlanRequest): Promise<RenderPlan> {
  const { source, recorded, folder, application, tools } = request;
  const signal = request.signal ?? NEVER;
  const helm = source.helm ?? {};
  const environment = buildEnvironment({ source, commit: request.tree.commit, application });
  const chartFiles = await collectChartFiles(request);
  if (!chartFiles.some(({ path }) => path === 'Chart.yaml')) throw noChart(folder.path);
  const dependencies = await completeDependencies(request, chartFiles, signal);
  const found = await findValueFiles(request, environment, signal);
  const inline = inlineValues(helm, stringifyJson);
  const chart = await inspectChart({
    folder: folder.path,
    files: [...chartFiles, ...dependencies.added],
    packed: dependencies.packed,
    values: found.values,
    texts: [inline ?? '', ...(helm.parameters ?? []).map(({ value = '' }) => value)],
  });
  const values = [...toInputs(found.values, 'values'), ...toInlineInput(inline)];
  const parameterFiles = toInputs(
    found.parameters.map(({ file }) => file),
    'files',
  );
  const args = templateArguments({
    source: helm,
    environment,
    defaultRelease: application.name.slice(application.name.indexOf('_') + 1),
    defaultNamespace: application.destinationNamespace,
    values: values.map(({ path }) => path),
    fileParameters: parameterFiles.map(({ path }, index) => ({ name: found.parameters[index]?.name ?? '', path })),
    ...capabilities(request, chart.usesCapabilities),
    skipSchemaValidation: helm.skipSchemaValidation === true || chart.refusesSchema,
  });
  const files = [...chart.files.map((file) => inChart(file, folder.path)), ...values, ...parameterFiles];
  const inputs = files.map(({ path, id }) => [path, id]);
  const { tool, version, warnings: toolWarnings } = await chooseHelm(tools, helm);
  const warnings = [...chart.warnings, ...toolWarnings];
  return {
    sourceType: 'Helm',
    readSet: [...recorded.readSet(), ...found.refReadSet],
    key: renderKey({
      type: 'Helm',
      helm: version,
      folder: folder.path,
      inputs,
      args,
      warnings,
    }),
    ...(dependsOnMore(environment, found) ? { dependsOnCommit: true } : {}),
    render: (renderSignal) => render({ request, tool, files, args, warnings }, renderSignal),
  };
}

/** The commit, or something at a URL that may change without a commit. */
function dependsOnMore(environment: BuildEnvironment, { remote }: ValueFiles): boolean {
  return environment.usedCommit || remote;
}

/** Not even passed on when the chart does not look at them: then they are no part of the key (B10). */
function capabilities({ source, application }: HelmPlanRequest, used: boolean) {
  if (!used) return { kubeVersion: '', apiVersions: [] };
  const { kubeVersion, apiVersions } = source.helm ?? {};
  return {
    kubeVersion: kubeVersion || application.kubeVersion,
    apiVersions: apiVersions !== undefined && apiVersions.length > 0 ? apiVersions : application.apiVersions,
  };
}

function inChart(file: ChartFile, folder: string): InputFile {
  return { ...file, path: `chart/${file.path}`, shown: folder === '' ? file.path : `${folder}/${file.path}` };
}

function toInputs(files: readonly ValueFile[], folder: string): readonly InputFile[] {
  return files.map((file, index) => ({ ...file, path: `${folder}/${index}.yaml` }));
}

function toInlineInput(text: string | undefined): readonly InputFile[] {
  if (text === undefined) return [];
  const bytes = new TextEncoder().encode(text);
  const shown = 'spec.source.helm.values';
  return [{ path: 'values/inline.yaml', shown, id: renderKey({ text }), read: () => Promise.resolve(bytes) }];
}

interface Job {
  readonly request: HelmPlanRequest;
  readonly tool: string;
  readonly files: readonly InputFile[];
  readonly args: readonly ToolArgument[];
  readonly warnings: readonly string[];
}

async function render({ request, tool, files, args, warnings }: Job, signal: AbortSignal): Promise<RenderResult> {
  const { tools, folder } = request;
  const contents: WorkspaceFile[] = [];
  for (const file of files) {
    signal.throwIfAborted();
    contents.push({ path: file.path, bytes: await file.read(MAX_FILE_BYTES) });
  }
  const run = async (workspace: Parameters<Parameters<typeof tools.withWorkspace>[1]>[0]) => {
    const { stdout } = await tools.run({ tool, args, workspace }, signal);
    return stdout;
  };
  try {
    const stdout = await tools.withWorkspace(contents, run, signal);
    return { manifests: await parseOutput(stdout, folder.path), warnings };
  } catch (error) {
    throw explain(error, files, folder.path);
  }
}

/** Helm's message with the user's names for the files of the workspace, and without advice about options that nobody can give. */
function explain(error: unknown, files: readonly InputFile[], folder: string): unknown {
  if (!isGitOpsError(error) || error.code !== 'ManifestGeneration') return error;
  let message = error.message.replace(/\s*Use --debug flag to render out invalid YAML/g, '');
  for (const { path, shown } of files.filter(({ path }) => !path.startsWith('chart/'))) {
    message = message.replaceAll(path, shown);
  }
  const where = `The chart ${folder || '.'} could not be rendered`;
  return new GitOpsError('ManifestGeneration', `${where}: ${message}`, { cause: error, retry: error.retry });
}

function noChart(folder: string): GitOpsError {
  const next = 'Correct spec.source.path, or remove spec.source.helm if the folder is no chart.';
  return new GitOpsError('ManifestGeneration', `"${folder || '.'}" has no Chart.yaml. ${next}`);
}
