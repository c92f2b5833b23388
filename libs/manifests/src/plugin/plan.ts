/** A source that a plugin renders: which plugin, what it is sent, and what the result depends on (B29-B34). */
import { GitOpsError } from '@tiphys/model';
import { parseYamlManifests } from '../directory/parse-file.js';
import type { RenderedManifest, RenderPlan, RenderRequest, RenderResult, SourceEntry } from '../ports.js';
import { renderKey } from '../render-key.js';
import type { RecordedTree } from '../tree/recorded-tree.js';
import { pluginVariables } from './environment.js';
import { matchesPath } from './match-path.js';
import type { ParameterDefault, Plugin, PluginConfiguration, PluginTask } from './ports.js';
import { filesToSend, isNarrowed, sentFolders, sentReadSet } from './sent-files.js';

export interface PlannedPlugin extends RenderRequest {
  readonly recorded: RecordedTree;
  readonly folder: SourceEntry;
}

export interface ChosenPlugin {
  readonly plugin: Plugin;
  readonly configuration: PluginConfiguration;
}

/**
 * The plugin that `spec.source.plugin.name` names, else the first (by name) whose rules accept the source.
 * A named plugin with rules must accept it as well (B31).
 * @throws GitOpsError ManifestGeneration when there is none, Upstream when a sidecar does not answer.
 */
export async function choosePlugin(planned: PlannedPlugin): Promise<ChosenPlugin> {
  const { plugins, source } = planned;
  const name = source.plugin?.name ?? '';
  if (plugins === undefined) throw new GitOpsError('ManifestGeneration', 'This repo-server runs without plugins.');
  if (name === '') {
    const chosen = await discoverPlugin(planned, await plugins.discovering());
    return chosen ?? failNothingMatches(await plugins.names());
  }
  const plugin = await plugins.named(name);
  const configuration = await plugin.configuration();
  if (configuration.discovers && !(await accepts({ plugin, configuration }, planned))) {
    const next = 'Correct spec.source.path or spec.source.plugin.name, or the discover rules in its plugin.yaml.';
    throw new GitOpsError('ManifestGeneration', `The plugin ${name} does not accept the source (discover). ${next}`);
  }
  return { plugin, configuration };
}

/** Undefined when no plugin accepts the source, so that it is for another tool. */
export async function discoverPlugin(
  planned: PlannedPlugin,
  candidates: readonly Plugin[],
): Promise<ChosenPlugin | undefined> {
  for (const plugin of candidates) {
    const configuration = await plugin.configuration();
    if (await accepts({ plugin, configuration }, planned)) return { plugin, configuration };
  }
  return undefined;
}

const NEVER = new AbortController().signal;

function failNothingMatches(names: readonly string[]): never {
  const next =
    names.length === 0
      ? 'No plugin runs beside this repo-server: add its sidecar.'
      : `These run: ${names.join(', ')}. Name one in spec.source.plugin.name, or correct its discover rules.`;
  throw new GitOpsError('ManifestGeneration', `No plugin accepts the source. ${next}`);
}

async function accepts({ plugin, configuration }: ChosenPlugin, planned: PlannedPlugin): Promise<boolean> {
  const { task } = await taskOf(planned, configuration);
  const { rule } = configuration;
  if (rule === undefined) return plugin.match(task, planned.signal ?? NEVER);
  return matchesPath(rule, task.folder, sentFolders(task.tree, task.files));
}

/** Never asks the plugin: what it prints is a function of the key, as far as it declares its inputs. */
export async function planPlugin({ plugin, configuration }: ChosenPlugin, planned: PlannedPlugin): Promise<RenderPlan> {
  const { recorded } = planned;
  const { task, readSet } = await taskOf(planned, configuration);
  const { name } = plugin;
  return {
    sourceType: 'Plugin',
    readSet: [...recorded.readSet(), ...readSet],
    key: renderKey({ type: 'Plugin', plugin: name, configuration: configuration.identity, task: task.key }),
    // Planned anew for every commit: a sidecar that was restarted may do something else with the same files.
    dependsOnCommit: true,
    render: async (signal) => {
      const { manifests, warnings } = await resultOf(name, await plugin.generate(task, signal));
      return {
        manifests,
        warnings: [...(configuration.wantsGitCredentials ? [withoutCredentials(name)] : []), ...warnings],
      };
    },
  };
}

export async function announceParameters(
  { plugin, configuration }: ChosenPlugin,
  planned: PlannedPlugin,
): Promise<readonly ParameterDefault[]> {
  const { task } = await taskOf(planned, configuration);
  return plugin.announce(task, planned.signal ?? NEVER);
}

function withoutCredentials(name: string): string {
  const next = 'Give its container credentials of its own, or remove provideGitCreds from its plugin.yaml.';
  return `The plugin ${name} asks for the Git credentials of the repository, which stay in the repo-server. ${next}`;
}

interface PlannedTask {
  readonly task: PluginTask;
  readonly readSet: RenderPlan['readSet'];
}

/**
 * The variables about the commit are part of the inputs unless the plugin declares that it reads none, and then gets none.
 * With `manifest-generate-paths` they are sent, but do not count: as in Argo CD, manifests stay while those paths do.
 */
async function taskOf(planned: PlannedPlugin, { ignoresRevision }: PluginConfiguration): Promise<PlannedTask> {
  const { tree, folder, source, application, plugins } = planned;
  const settings = plugins?.settings ?? { exclude: [], useManifestGeneratePaths: false };
  const sent = { settings, folder: folder.path, manifestGeneratePaths: application.manifestGeneratePaths ?? '' };
  const files = filesToSend(sent);
  const variables = pluginVariables({ source, commit: tree.commit, application });
  const environment = ignoresRevision ? variables.withoutRevision : variables.environment;
  const revisionCounts = !ignoresRevision && !isNarrowed(sent);
  const readSet = await sentReadSet(tree, files);
  const counted = revisionCounts ? environment : variables.withoutRevision;
  return {
    task: {
      ...{ application: application.name, tree, files, folder: folder.path, environment },
      key: renderKey({ folder: folder.path, files, readSet, environment: Object.entries(counted) }),
    },
    readSet,
  };
}

async function resultOf(name: string, texts: readonly string[]): Promise<RenderResult> {
  const manifests: RenderedManifest[] = [];
  for (const [index, text] of texts.entries()) {
    const origin = `plugin ${name}, manifest ${index + 1}`;
    const parsed = await parseYamlManifests(origin, text);
    manifests.push(...parsed.map(({ json }) => ({ json, origin })));
  }
  const warnings = manifests.length > 0 ? [] : [`The plugin ${name} printed no manifests.`];
  return { manifests, warnings };
}
