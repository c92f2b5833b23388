/** One repository of overlays, charts and Jsonnet: a push renders again exactly what reads a file that it changed, counted. */
import { dirname } from 'node:path';
import {
  type Files,
  type GitRepository,
  type GitServer,
  removeDirectory,
  sharedRedis,
  startGitServer,
  temporaryDirectory,
  toolPath,
} from '@tiphys/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningRepoServer, startRunning } from './testing/running.js';

const directory = temporaryDirectory('dependents');
let git: GitServer;
let server: RunningRepoServer;
let repository: GitRepository;

const map = (name: string, value = 'x'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {value: "${value}"}\n`;
const template = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {values: {{ .Values | toJson | quote }}}\n`;

/** Twelve overlays: base a under eight of them, by way of a region for four; base b under the others, with a component. */
const overlays: Files = {
  'bases/a/kustomization.yaml': 'resources: [map.yaml]\n',
  'bases/a/map.yaml': map('a'),
  'bases/a/unused.yaml': map('unused'),
  'bases/b/kustomization.yaml': 'resources: [map.yaml]\n',
  'bases/b/map.yaml': map('b'),
  'components/tls/kustomization.yaml':
    'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [map.yaml]\n',
  'components/tls/map.yaml': map('tls'),
  'regions/eu/kustomization.yaml': 'resources: [../../bases/a]\nnameSuffix: -eu\n',
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => {
      const base = ['../../regions/eu', '../../bases/a', '../../bases/b'][index % 3];
      const component = index % 3 === 2 ? 'components: [../../components/tls]\n' : '';
      return [`overlays/o${index}/kustomization.yaml`, `resources: [${base}]\n${component}`];
    }),
  ),
};
/** Two charts for six applications each, with a library in both and value files of their own. */
const charts: Files = {
  'charts/library/Chart.yaml': 'apiVersion: v2\nname: library\nversion: 1.0.0\ntype: library\n',
  'charts/library/templates/_names.tpl': '{{ define "name" }}n{{ end }}\n',
  ...Object.fromEntries(
    ['web', 'job'].flatMap((name) => [
      [
        `charts/${name}/Chart.yaml`,
        `apiVersion: v2\nname: ${name}\nversion: 1.0.0\ndependencies: [{name: library, version: 1.0.0, repository: "file://../library"}]\n`,
      ],
      [`charts/${name}/values.yaml`, 'a: 1\n'],
      [`charts/${name}/README.md`, 'words\n'],
      [`charts/${name}/templates/a.yaml`, template(`{{ include "name" . }}-${name}`)],
    ]),
  ),
  'values/common.yaml': 'common: 1\n',
  ...Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`values/v${index}.yaml`, `own: ${index}\n`])),
};
/** Eight files that import one library, or another that imports the first. */
const jsonnet: Files = {
  'lib/one.libsonnet': "{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'one' } }\n",
  'lib/two.libsonnet': "(import 'one.libsonnet') + { data: { two: 'yes' } }\n",
  'lib/unused.libsonnet': '{}\n',
  ...Object.fromEntries(
    Array.from({ length: 8 }, (_, index) => [
      `jsonnet/j${index}/a.jsonnet`,
      `(import '${index % 2 === 0 ? 'one' : 'two'}.libsonnet') + { metadata+: { labels: { n: '${index}' } } }\n`,
    ]),
  ),
};

type SourceSpec = Readonly<Record<string, unknown>>;
const applications: ReadonlyMap<string, SourceSpec> = new Map([
  ...Array.from({ length: 12 }, (_, index): [string, SourceSpec] => [`o${index}`, { path: `overlays/o${index}` }]),
  ...Array.from({ length: 12 }, (_, index): [string, SourceSpec] => [
    `c${index}`,
    {
      path: `charts/${index % 2 === 0 ? 'web' : 'job'}`,
      helm: { valueFiles: ['../../values/common.yaml', `/values/v${index}.yaml`] },
    },
  ]),
  ...Array.from({ length: 8 }, (_, index): [string, SourceSpec] => [
    `j${index}`,
    { path: `jsonnet/j${index}`, directory: { jsonnet: { libs: ['lib'] } } },
  ]),
]);
const names = [...applications.keys()];
const every = (kind: string, step: number, from: number): readonly string[] =>
  names.filter((name) => name.startsWith(kind) && Number(name.slice(1)) % step === from);

beforeAll(async () => {
  const redis = await sharedRedis();
  [git, server] = await Promise.all([
    startGitServer(),
    startRunning({ redis, directory, tools: dirname(toolPath('helm')) }),
  ]);
  repository = await git.createRepository('dependents', { ...overlays, ...charts, ...jsonnet });
  await rendered();
});
afterAll(async () => {
  await server.stop();
  await git.stop();
  removeDirectory(directory);
});

/** Asks for all applications; the names of those that were rendered, which the counter confirms. */
async function rendered(): Promise<readonly string[]> {
  const counter = () => server.metric('tiphys_renders_total{result="rendered"}');
  const before = await counter();
  const answers = await Promise.all(
    names.map(async (name) => {
      const applicationSource = { repoURL: repository.url, ...applications.get(name) } as Record<string, string>;
      const { sources } = await server.client.generateManifests({
        appName: name,
        destinationNamespace: 'ns',
        kubeVersion: '1.34.0',
        cacheMode: 'resolve',
        sources: [{ repository: { url: repository.url }, applicationSource }],
      });
      return { name, cached: sources[0]?.cached };
    }),
  );
  const fresh = answers.filter(({ cached }) => cached === false).map(({ name }) => name);
  expect(await counter()).toBe(before + fresh.length);
  return fresh;
}

describe(`of ${names.length} applications a push renders again`, () => {
  it.each<[string, Files, readonly string[]]>([
    ['nothing, when nothing changes', {}, []],
    [
      'all that lead to a base, through regions too',
      { 'bases/a/map.yaml': map('a', '2') },
      [...every('o', 3, 0), ...every('o', 3, 1)],
    ],
    [
      'all below a region',
      { 'regions/eu/kustomization.yaml': 'resources: [../../bases/a]\nnameSuffix: -e\n' },
      every('o', 3, 0),
    ],
    ['all that use a component', { 'components/tls/map.yaml': map('tls', '2') }, every('o', 3, 2)],
    ['one overlay', { 'overlays/o4/kustomization.yaml': 'resources: [../../bases/a]\nnamePrefix: x-\n' }, ['o4']],
    ['all of a chart', { 'charts/web/templates/a.yaml': template('changed') }, every('c', 2, 0)],
    [
      'all whose charts use a library',
      { 'charts/library/templates/_names.tpl': '{{ define "name" }}m{{ end }}\n' },
      every('c', 1, 0),
    ],
    ['all with a common value file', { 'values/common.yaml': 'common: 2\n' }, every('c', 1, 0)],
    ['one with a value file of its own', { 'values/v7.yaml': 'own: 70\n' }, ['c7']],
    [
      'all that import a library, by way of another too',
      { 'lib/one.libsonnet': "{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'uno' } }\n" },
      every('j', 1, 0),
    ],
    [
      'all that import the other library',
      { 'lib/two.libsonnet': "(import 'one.libsonnet') + { data: { two: 'no' } }\n" },
      every('j', 2, 1),
    ],
    [
      'nothing, when files change that nobody reads',
      {
        'README.md': 'x',
        'bases/a/unused.yaml': map('u'),
        'lib/unused.libsonnet': '{ a: 1 }',
        'values/v99.yaml': 'a: 1\n',
        'charts/web/README.md': 'y',
        'overlays/notes.txt': 'n',
      },
      [],
    ],
    [
      'nothing, when a file is moved back',
      {
        'values/common.yaml': 'common: 1\n',
        'values/v7.yaml': 'own: 7\n',
        'charts/web/templates/a.yaml': template('{{ include "name" . }}-web'),
        'charts/library/templates/_names.tpl': '{{ define "name" }}n{{ end }}\n',
      },
      [],
    ],
  ])('%s', async (_name, changes, dependents) => {
    await repository.commit({ 'commit.txt': String(Math.random()), ...changes });
    expect([...(await rendered())].sort()).toEqual([...dependents].sort());
  });
});
