/**
 * The corpus: sources in real-world shapes. What a render gives is what the tool's own command line prints for a plain
 * checkout, object by object. Every Application of `examples/sources` says in its head how to make its manifests by hand.
 */
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ApplicationSource } from '@tiphys/model';
import { flattenLists, parseManifests, parseYaml } from '@tiphys/model/yaml';
import { systemClock } from '@tiphys/runtime';
import { type Registry, removeDirectory, startRegistry, temporaryDirectory, toolPath } from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  archiveTree,
  type ChartRepository,
  createChartClient,
  planRender,
  type RenderedManifest,
  type RenderSettings,
  type RunningChartClient,
  readChartArchive,
  type SourceTree,
} from './index.js';
import { installedTools } from './testing/installed-tools.js';
import { type Files, filesOf, treeOf } from './testing/memory-tree.js';

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const HELM_CASES = join(import.meta.dirname, '../testdata/helm');
const work = temporaryDirectory('corpus');
const tools = installedTools(toolPath('helm'));
const binaries = join(work, 'bin');
const { signal } = new AbortController();
const settings: RenderSettings = { maxCombinedManifestBytes: 1e7, kustomize: { enableHelm: true } };
const cluster = { kubeVersion: 'v1.34.2', apiVersions: ['policy/v1/PodDisruptionBudget'] };

let registry: Registry;
let repository: Server;
let client: RunningChartClient;
/** The hosts that the examples name, and those of this run. */
let hosts: readonly (readonly [RegExp, string])[] = [];
const toThisRun = (text: string): string =>
  hosts.reduce((changed, [name, host]) => changed.replaceAll(name, host), text);

beforeAll(async () => {
  registry = await startRegistry();
  const archives = join(work, 'archives');
  mkdirSync(archives);
  repository = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    if (!readdirSync(archives).includes(name)) response.writeHead(404).end();
    else response.end(readFileSync(join(archives, name)));
  });
  await new Promise<void>((resolve) => repository.listen(0, '127.0.0.1', resolve));
  const address = repository.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  hosts = [
    [/registry\.example\.org(?=\/charts)/g, registry.host],
    [/https:\/\/charts\.example\.org/g, `http://127.0.0.1:${port}`],
  ];
  const helm = (...args: readonly string[]) =>
    execFileSync(toolPath('helm'), args, { env: { HOME: work, PATH: '/usr/bin' }, stdio: 'pipe' });
  for (const name of ['helm-guestbook', 'helm-crds-and-hooks']) {
    helm('package', join(EXAMPLES, name), '-d', archives);
  }
  for (const archive of readdirSync(archives)) registry.pushChart(join(archives, archive), 'charts');
  helm('repo', 'index', archives);
  client = createChartClient({ folder: join(work, 'store'), clock: systemClock });
  writeTools();
});
afterAll(async () => {
  await Promise.all([registry.stop(), client.close()]);
  repository.closeAllConnections();
  repository.close();
  tools.remove();
  removeDirectory(work);
});

/** What the commands of a person find on their PATH; the registry of this run speaks plain HTTP. */
function writeTools(): void {
  mkdirSync(binaries);
  const plain = 'case "$*" in *oci://*|dependency*) set -- "$@" --plain-http;; esac';
  for (const [name, more] of Object.entries({ helm: plain, kustomize: ':', jsonnet: ':' })) {
    writeFileSync(join(binaries, name), `#!/bin/sh\n${more}\nexec '${toolPath(name)}' "$@"\n`);
    chmodSync(join(binaries, name), 0o755);
  }
}

/** A folder with the files, and with a repository of them where Git finds that of the examples. */
function checkout(name: string, folder: string, prefix: string): string {
  const root = join(work, 'checkouts', name.replaceAll(/\W/g, '-'));
  cpSync(folder, join(root, prefix), { recursive: true, verbatimSymlinks: true });
  return root;
}

const GIT_CONFIG = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_ALLOW_PROTOCOL: 'file' };

/** The remote base of an example is a clone of the checkout. */
function gitEnvironment(root: string): NodeJS.ProcessEnv {
  const env = { HOME: work, PATH: `${binaries}:/usr/bin:/bin`, ...GIT_CONFIG };
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: root, env, stdio: 'pipe' });
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message=x');
  const rewrite = { GIT_CONFIG_KEY_0: `url.file://${root}.insteadOf`, GIT_CONFIG_VALUE_0: EXAMPLES_URL };
  return { ...env, ...rewrite, GIT_CONFIG_COUNT: '1' };
}

const EXAMPLES_URL = 'http://git-server/git/examples.git';

const run = promisify(execFile);

/** The objects that commands print, one after the other. */
async function byHand(root: string, commands: readonly string[]): Promise<readonly unknown[]> {
  const isRemote = commands.some((command) => command.includes('remote'));
  const env = isRemote ? gitEnvironment(root) : { HOME: work, PATH: `${binaries}:/usr/bin:/bin` };
  const objects: unknown[] = [];
  for (const command of commands) {
    const { stdout } = await run('sh', ['-ec', command], { cwd: root, env, maxBuffer: 1e8 });
    if (!command.startsWith('helm dependency ')) objects.push(...objectsIn(stdout));
  }
  return objects;
}

/** YAML documents; or JSON that is one object or a list of objects. */
function objectsIn(output: string): readonly unknown[] {
  if (output.startsWith('[')) return JSON.parse(output) as readonly unknown[];
  // Files that end without a line end, and JSON files, one after the other.
  const text = output.replaceAll(/\n(?=apiVersion:)/g, '\n---\n').replaceAll(/^\{"apiVersion".*\}$/gm, '---\n$&\n---');
  return flattenLists(parseManifests(text, { origin: 'by hand' }).map(({ object }) => object));
}

const parsed = (manifests: readonly RenderedManifest[]): unknown => manifests.map(({ json }) => JSON.parse(json));
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

interface Rendering {
  readonly name: string;
  readonly namespace: string;
  readonly source: ApplicationSource;
  readonly tree: SourceTree;
  readonly references?: ReadonlyMap<string, SourceTree>;
}

async function render({ name, namespace, source, tree, references }: Rendering): Promise<readonly RenderedManifest[]> {
  const plan = await planRender({
    tree,
    source,
    settings,
    application: { name, project: 'default', destinationNamespace: namespace, ...cluster },
    tools,
    ...(references === undefined ? {} : { references }),
    charts: { client, repositories: [{ url: `oci://${registry.host}/charts`, plainHttp: true }] },
    remotes: { open: async (url, ref) => treeAt(url, ref) },
    signal,
  });
  return (await plan.render(signal)).manifests;
}

function treeAt(url: string, ref: string): SourceTree {
  if (url === EXAMPLES_URL && ref === 'main') return treeOf(exampleFiles());
  throw new Error(`the examples have no repository ${url} at ${ref}`);
}

/** The repositories that the examples name: `examples.git` has this folder, the others one example each. */
function exampleFiles(name = ''): Files {
  const files = filesOf(join(EXAMPLES, name), name === '' ? 'examples/' : `${name}/`);
  return Object.fromEntries(
    Object.entries(files).map(([path, content]) => [path, typeof content === 'string' ? toThisRun(content) : content]),
  );
}

async function open(source: ApplicationSource): Promise<SourceTree> {
  const { repoURL, chart, targetRevision = '' } = source;
  if (chart === undefined) return treeOf(exampleFiles(/git\/(.*)\.git$/.exec(repoURL)?.[1]?.replace('examples', '')));
  const repo: ChartRepository = { url: repoURL, plainHttp: true };
  const { bytes, version } = await client.fetch({ repository: repo, chart, version: targetRevision }, { signal });
  return archiveTree(await readChartArchive(bytes, chart), version);
}

interface Example {
  readonly name: string;
  readonly commands: readonly string[];
  readonly text: string;
}

const examples: readonly Example[] = ['applications', 'sources'].flatMap((folder) =>
  readdirSync(join(EXAMPLES, folder)).map((file) => {
    const text = readFileSync(join(EXAMPLES, folder, file), 'utf8');
    const commands = [...text.matchAll(/^# By hand: (.*)$/gm)].map(([, command = '']) => command);
    return { name: file.replace('.yaml', ''), commands, text };
  }),
);

interface Application {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly source?: ApplicationSource;
    readonly sources?: readonly ApplicationSource[];
    readonly destination: { readonly namespace: string };
  };
}

function applicationOf({ text, name }: Example): Application {
  return parseYaml(toThisRun(text), { origin: name }) as unknown as Application;
}

const sourcesOf = ({ spec: { source, sources } }: Application): readonly ApplicationSource[] =>
  sources ?? (source === undefined ? [] : [source]);

describe('equal to the command line', () => {
  it.each(examples)('examples: $name', async (example) => {
    const application = applicationOf(example);
    const lenders = sourcesOf(application).filter(({ ref }) => ref !== undefined);
    const references = new Map<string, SourceTree>();
    for (const lender of lenders) references.set(lender.ref ?? '', await open(lender));
    const { namespace } = application.spec.destination;
    const rendered: RenderedManifest[] = [];
    for (const source of sourcesOf(application)) {
      const tree = await open(source);
      rendered.push(...(await render({ name: application.metadata.name, namespace, source, tree, references })));
    }
    const root = checkout(example.name, EXAMPLES, 'examples');
    for (const [path, content] of Object.entries(exampleFiles())) {
      if (typeof content === 'string') writeFileSync(join(root, path), content);
    }
    const expected = await byHand(root, example.commands.map(toThisRun));
    expect(parsed(rendered)).toEqual(plain(expected));
    expect(expected.length).toBeGreaterThan(0);
  });

  it.each(readdirSync(HELM_CASES))('charts: %s', async (name) => {
    const text = readFileSync(join(HELM_CASES, name, 'case.yaml'), 'utf8');
    const { source, command } = parseYaml(text, { origin: name }) as unknown as {
      readonly source: ApplicationSource;
      readonly command: readonly string[];
    };
    const folder = join(HELM_CASES, name, 'repo');
    const root = checkout(name, folder, '');
    const chart = join(root, command[2] ?? '');
    const needsBuild = readdirSync(chart)
      .filter((file) => ['Chart.yaml', 'requirements.yaml'].includes(file))
      .some((file) => readFileSync(join(chart, file), 'utf8').includes('file://'));
    const quoted = command.map((argument) => `'${argument}'`).join(' ');
    const commands = [...(needsBuild ? [`helm dependency build '${command[2]}'`] : []), `helm ${quoted}`];
    const tree = treeOf(filesOf(folder));
    const application = { kubeVersion: 'v1.34.2', apiVersions: ['gateway.networking.k8s.io/v1'] };
    const plan = await planRender({
      tree,
      source,
      settings,
      application: { name: 'app', project: 'default', destinationNamespace: 'ns', ...application },
      tools,
    });
    const expected = await byHand(root, commands);
    expect(parsed((await plan.render(signal)).manifests)).toEqual(plain(expected));
    expect(expected.length).toBeGreaterThan(0);
  });
});

describe('the corpus', () => {
  it('has 65 sources or more', () => {
    const charts = readdirSync(HELM_CASES).length;
    const described = examples.flatMap((example) =>
      sourcesOf(applicationOf(example)).filter(({ path, chart }) => path ?? chart),
    );
    const count = described.length + charts;
    process.stdout.write(`corpus: ${count} sources, ${described.length} of them in examples/\n`);
    expect(count).toBeGreaterThanOrEqual(65);
  });

  it('every example says what it shows and how to make it by hand, and the list of examples has every folder', () => {
    for (const { name, commands, text } of examples) {
      expect(text, name).toMatch(/^# [A-Z].*\.\n/);
      expect(commands, name).not.toEqual([]);
    }
    const list = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
    const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const missing = folders.map(({ name }) => name).filter((name) => !list.includes(`| \`${name}/\``));
    expect(missing).toEqual([]);
  });
});
