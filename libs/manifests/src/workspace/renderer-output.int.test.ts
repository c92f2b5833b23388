/** The renderers of helm and kustomize give byte by byte what the command lines give, under the same key (design 5). */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplicationSource } from '@tiphys/model';
import { parseYaml } from '@tiphys/model/yaml';
import { toolPath } from '@tiphys/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { planRender } from '../index.js';
import { installedTools } from '../testing/installed-tools.js';
import { type Files, filesOf, treeOf } from '../testing/memory-tree.js';
import type { Toolbox, ToolRun, WorkspaceFile } from './ports.js';

const TESTDATA = join(import.meta.dirname, '../../testdata');
const { signal } = new AbortController();
const runs: string[] = [];
const byRenderers = installedTools(toolPath('render-helm'), { onRun: (tool, by) => void runs.push(`${tool} ${by}`) });
const byCommandLines = installedTools(toolPath('helm'), { renderers: 'unused' });
afterAll(() => {
  byRenderers.remove();
  byCommandLines.remove();
});

interface Job {
  readonly tool: string;
  readonly args: ToolRun['args'];
  readonly files?: Readonly<Record<string, string>>;
}

/** What was written, or the message. */
async function outcomeOf(tools: Toolbox, { tool, args, files = {} }: Job): Promise<string> {
  const contents = Object.entries(files).map(
    ([path, text]): WorkspaceFile => ({ path, bytes: new TextEncoder().encode(text) }),
  );
  const running = tools.withWorkspace(
    contents,
    async (workspace) => JSON.stringify(await tools.run({ tool, args, workspace }, signal)),
    signal,
  );
  return running.catch((error: Error) => error.message);
}

const chartOf = (template: string): Readonly<Record<string, string>> => ({
  'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'chart/templates/all.yaml': template,
});
const helm = (template: string, more: Readonly<Record<string, string>> = {}, flags: readonly string[] = []): Job => ({
  tool: 'helm',
  args: ['template', '--namespace=ns', ...flags, '--', 'app', 'chart'],
  files: { ...chartOf(template), ...more },
});
const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n';
const kustomize = (options: readonly string[]): Job => ({
  tool: 'kustomize',
  args: ['build', ...options, '.'],
  files: {
    'kustomization.yaml': 'resources: [a.yaml, b.yaml]\ncommonLabels: {a: b}\n',
    'a.yaml': CONFIG_MAP,
    'b.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: {name: b}\n',
  },
});

/** Remembers what each run of a tool gave. */
function recording(tools: Toolbox): { readonly tools: Toolbox; readonly outcomes: string[] } {
  const outcomes: string[] = [];
  const run: Toolbox['run'] = async (given, runSignal) => {
    try {
      const output = await tools.run(given, runSignal);
      outcomes.push(JSON.stringify([given.tool, output]));
      return output;
    } catch (error) {
      outcomes.push(String(error));
      throw error;
    }
  };
  return { tools: { ...tools, run }, outcomes };
}

const application = {
  name: 'app',
  project: 'default',
  destinationNamespace: 'ns',
  kubeVersion: 'v1.34.2',
  apiVersions: ['gateway.networking.k8s.io/v1', 'apps/v1'],
};
const settings = { maxCombinedManifestBytes: 1e7, kustomize: { enableHelm: true } };

interface Source {
  readonly name: string;
  readonly files: Files;
  readonly source: Omit<ApplicationSource, 'repoURL'>;
}

async function outcomesOf(tools: Toolbox, { files, source }: Source): Promise<readonly string[]> {
  const recorded = recording(tools);
  const request = { tree: treeOf(files), source: { repoURL: 'r', ...source }, settings, application };
  const plan = await planRender({ ...request, tools: recorded.tools });
  const rendered = plan.render(signal).then(
    ({ manifests }) => JSON.stringify(manifests),
    (error: Error) => error.message,
  );
  return [plan.key, await rendered, ...recorded.outcomes];
}

const helmCases = readdirSync(join(TESTDATA, 'helm')).map((name): Source => {
  const folder = join(TESTDATA, 'helm', name);
  const text = readFileSync(join(folder, 'case.yaml'), 'utf8');
  const { source } = parseYaml(text, { origin: name }) as unknown as Pick<Source, 'source'>;
  return { name: `helm/${name}`, files: filesOf(join(folder, 'repo')), source };
});
const kustomizeFiles = filesOf(join(TESTDATA, 'kustomize'));
const kustomizeCases = [
  ...['base', 'overlays/staging', 'overlays/production', 'overlays/production-eu', 'old', 'plugins', 'links'],
  ...['links/linked-base', 'base/rbac', 'charts'],
].map((path): Source => ({ name: `kustomize/${path}`, files: kustomizeFiles, source: { path } }));
const jsonnetFiles = filesOf(join(TESTDATA, 'jsonnet'));
const jsonnetCases: readonly Source[] = [
  {
    path: 'apps/web',
    directory: {
      jsonnet: {
        libs: ['vendor'],
        extVars: [
          { name: 'replicas', value: '1 + 1', code: true },
          { name: 'env', value: 'a=b' },
        ],
      },
    },
  },
  {
    path: 'apps/function',
    directory: {
      jsonnet: {
        libs: ['vendor'],
        tlas: [
          { name: 'name', value: 'given' },
          { name: 'size', value: '2', code: true },
        ],
      },
    },
  },
  { path: 'apps/function', directory: { jsonnet: { libs: ['vendor'] } } },
  { path: 'apps/list', directory: { jsonnet: { libs: ['/vendor'] } } },
].map((source) => ({ name: `jsonnet/${source.path}`, files: jsonnetFiles, source }));
const jsonnetWith = (code: string): Files => ({ 'x/main.jsonnet': code });
const CHART = 'name: x\nversion: 1.0.0\n';
const chartWith = (template: string): Files => ({ 'x/Chart.yaml': CHART, 'x/templates/a.yaml': template });
const broken: Readonly<Record<string, Files>> = {
  'a chart that fails': chartWith('{{ fail "no luck" }}'),
  'a chart with a wrong template': chartWith('{{ nope }}'),
  'a chart that gives no YAML': chartWith('a: ['),
  'a chart that calls itself': chartWith('{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}'),
  'a chart without a version': { ...chartWith(CONFIG_MAP), 'x/Chart.yaml': 'name: x\n' },
  'a library': { 'x/Chart.yaml': `${CHART}apiVersion: v2\ntype: library\n` },
  'a deprecated chart': { ...chartWith(CONFIG_MAP), 'x/Chart.yaml': `${CHART}deprecated: true\n` },
  'Jsonnet code with an error': jsonnetWith('error "no luck"'),
  'Jsonnet code that is none': jsonnetWith('{'),
  'Jsonnet code without its library': jsonnetWith('import "none.libsonnet"'),
  'Jsonnet code without its variable': jsonnetWith('std.extVar("none")'),
  'Jsonnet code that traces': jsonnetWith('std.trace("hello", { kind: "a" })'),
  'endless Jsonnet code': jsonnetWith('local f(x) = f(x + 1) + 1; f(0)'),
  'a resource twice': {
    'x/kustomization.yaml': 'resources: [a.yaml, b.yaml]\n',
    'x/a.yaml': CONFIG_MAP,
    'x/b.yaml': CONFIG_MAP,
  },
  'a kustomization with a wrong field': { 'x/kustomization.yaml': 'resource: [a]\n' },
  'a kustomization with a wrong patch': {
    'x/kustomization.yaml': 'resources: [a.yaml]\npatches: [{path: b.yaml}]\n',
    'x/a.yaml': CONFIG_MAP,
    'x/b.yaml': 'kind: Nothing\n',
  },
  'a kustomization with an unknown plugin': {
    'x/kustomization.yaml': 'generators: [g.yaml]\n',
    'x/g.yaml': 'apiVersion: example.org/v1\nkind: Made\nmetadata: {name: a}\n',
  },
  'an API schema of its own, which is broken': {
    'x/kustomization.yaml': 'resources: [a.yaml]\nopenapi: {path: s.json}\n',
    'x/a.yaml': CONFIG_MAP,
    'x/s.json': '{',
  },
};
const brokenCases = Object.entries(broken).map(([name, files]): Source => ({ name, files, source: { path: 'x' } }));

describe('gives byte by byte what the command line gives, under the same key', () => {
  it.each([...helmCases, ...kustomizeCases, ...jsonnetCases, ...brokenCases])('$name', async (source) => {
    const expected = await outcomesOf(byCommandLines, source);
    expect(await outcomesOf(byRenderers, source)).toEqual(expected);
    // Again, in a process that has rendered others before.
    expect(await outcomesOf(byRenderers, source)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(2);
  });

  it('almost all of it by renderers', () => {
    const renders = runs.filter((run) => run.endsWith(' renderer')).length;
    // The version of each tool, the kustomization that inflates charts, and what makes a tool die.
    expect(runs.length - renders).toBeLessThan(12);
    expect(renders).toBeGreaterThan(80);
  });

  it.each<[string, Job]>([
    [
      'no namespace',
      {
        ...helm(`${CONFIG_MAP}data: {n: "{{ .Release.Namespace }}"}`),
        args: ['template', '--namespace=', '--', 'app', 'chart'],
      },
    ],
    ['an option that only the command line has', helm(CONFIG_MAP, {}, ['--is-upgrade'])],
    ['an option that nobody has', helm(CONFIG_MAP, {}, ['--nope'])],
    ['a version that is none', helm(CONFIG_MAP, {}, ['--kube-version=x'])],
    ['no chart', { tool: 'helm', args: ['template', '--namespace=ns', '--', 'app', 'chart'] }],
    ['no values', helm(CONFIG_MAP, {}, ['--values=none.yaml'])],
    ['values that are no map', helm(CONFIG_MAP, { 'v.yaml': '[]' }, ['--values=v.yaml'])],
    [
      'a zone and a date',
      helm(
        `${CONFIG_MAP}data: {d: {{ dateInZone "2006-01-02T15:04" (toDate "2006-01-02" "2026-05-06") "Europe/Berlin" | quote }}}`,
      ),
    ],
    ['what helm says of itself', helm(`${CONFIG_MAP}data: {v: {{ toJson .Capabilities | quote }}}`)],
    ['no Jsonnet file', { tool: 'jsonnet', args: ['./none.jsonnet'] }],
    ['a variable of the environment', { tool: 'jsonnet', args: ['--ext-str', 'HOME', './none.jsonnet'] }],
    ['two Jsonnet files', { tool: 'jsonnet', args: ['./a.jsonnet', './b.jsonnet'] }],
    ['options of Kustomize', kustomize(['--reorder=legacy', '--enable-managedby-label'])],
    ['the other order', kustomize(['--reorder=none'])],
    ['an option of Kustomize that only the command line has', kustomize(['--enable-alpha-plugins'])],
    ['Kustomize without those options', kustomize([])],
    ['no kustomization', { tool: 'kustomize', args: ['build', '.'] }],
    ['two folders', { tool: 'kustomize', args: ['build', '.', '.'] }],
  ])('%s', async (_name, job) => {
    expect(await outcomeOf(byRenderers, job)).toBe(await outcomeOf(byCommandLines, job));
  });

  it('an API schema of a kustomization is forgotten', async () => {
    const widget = (part: string): string =>
      `apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: a}\nspec: {parts: [${part}]}\n`;
    const kustomization = 'resources: [a.yaml]\npatches: [{path: b.yaml}]\n';
    const plain: Source = {
      name: 'plain',
      files: {
        'x/kustomization.yaml': kustomization,
        'x/a.yaml': widget('{name: x, size: 1}'),
        'x/b.yaml': widget('{name: x, color: red}'),
      },
      source: { path: 'x' },
    };
    const tools = installedTools(toolPath('render-helm'), { parallelism: 1 });
    try {
      await outcomesOf(tools, { name: 'plugins', files: kustomizeFiles, source: { path: 'plugins' } });
      expect(await outcomesOf(tools, plain)).toEqual(await outcomesOf(byCommandLines, plain));
    } finally {
      tools.remove();
    }
  });
});
