/** Sources that plugins render, plugins that are a shell script, and asking for both; for tests. */
import { createToolbox, type Plugins, planRender, type RenderApplication, type SourceTree } from '../index.js';
import { type Files, treeOf } from './memory-tree.js';
import { type PluginFolder, pluginFolder } from './plugin-server.js';

export const signal: AbortSignal = new AbortController().signal;
const tools = createToolbox({ workFolder: '/nonexistent', searchPath: [], parallelism: 1 });
const settings = { maxCombinedManifestBytes: 1_000_000 };
export const shop: RenderApplication = {
  ...{ name: 'shop', project: 'retail', destinationNamespace: 'shop-ns' },
  ...{ kubeVersion: '1.34.0', apiVersions: ['v1', 'apps/v1'] },
};

export interface Question {
  readonly files?: Files;
  readonly tree?: SourceTree;
  readonly source?: object;
  readonly application?: Partial<RenderApplication>;
  readonly plugins: Plugins;
}

export function requestOf({ files = { 'app/x': '' }, tree, source = {}, application = {}, plugins }: Question) {
  const spec = { repoURL: 'https://git.example.com/shop.git', path: 'app', targetRevision: 'main', ...source };
  return {
    tree: tree ?? treeOf(files),
    source: spec,
    settings,
    application: { ...shop, ...application },
    tools,
    plugins,
  };
}

export const planOf = (question: Question) => planRender(requestOf(question));

export async function renderOf(question: Question) {
  return (await planOf(question)).render(signal);
}

export async function objectsOf(question: Question): Promise<readonly Record<string, unknown>[]> {
  return (await renderOf(question)).manifests.map(({ json }) => JSON.parse(json) as Record<string, unknown>);
}

interface Description {
  readonly name?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** `plugin.yaml`; `generate` is a shell script. */
export function plugin({ name = 'p', annotations = {}, generate = 'true', ...spec }: Description): string {
  const command = typeof generate === 'string' ? { command: ['sh', '-c', generate] } : generate;
  const kind = { apiVersion: 'argoproj.io/v1alpha1', kind: 'ConfigManagementPlugin' };
  return JSON.stringify({ ...kind, metadata: { name, annotations }, spec: { generate: command, ...spec } });
}

/** A ConfigMap with the lines that a script prints as its data. */
export const linesOf = (script: string): string =>
  `printf 'kind: ConfigMap\\napiVersion: v1\\nmetadata: {name: lines}\\ndata:\\n'; { ${script}; } | sed 's/^/  - /' | sed '1i\\  lines:'`;

export async function printed(question: Question): Promise<readonly string[]> {
  const [object] = await objectsOf(question);
  return (object?.['data'] as { lines: string[] }).lines;
}

/** Folders of plugins that are all closed at once. */
export function pluginFolders(): { open(): PluginFolder; close(): Promise<void> } {
  const folders: PluginFolder[] = [];
  return {
    open: () => {
      const folder = pluginFolder();
      folders.push(folder);
      return folder;
    },
    close: async () => {
      for (const folder of folders) await folder.close();
    },
  };
}
