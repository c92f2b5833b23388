/** Charts in real-world shapes: what a render gives is what `helm template` prints for a plain checkout, object by object. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flattenLists, parseManifests, parseYaml } from '@tiphys/model/yaml';
import { removeDirectory, temporaryDirectory, toolPath } from '@tiphys/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { planRender } from '../index.js';
import { installedTools } from '../testing/installed-tools.js';
import { filesOf, treeOf } from '../testing/memory-tree.js';

const TESTDATA = join(import.meta.dirname, '../../testdata/helm');
const EXAMPLES = join(import.meta.dirname, '../../../../examples');
const helm = toolPath('helm');
const work = temporaryDirectory('helm-corpus');
afterAll(() => removeDirectory(work));
const tools = installedTools(helm);
afterAll(() => tools.remove());
const { signal } = new AbortController();
const application = {
  name: 'app',
  project: 'default',
  destinationNamespace: 'ns',
  kubeVersion: 'v1.34.2',
  apiVersions: ['gateway.networking.k8s.io/v1'],
};

const render = async (root: string, source: object) => {
  const request = {
    source: { repoURL: 'r', ...source },
    settings: { maxCombinedManifestBytes: 1e7 },
    application,
    tools,
  };
  return (await planRender({ ...request, tree: treeOf(filesOf(root)) })).render(signal);
};

/** What a person with a checkout gets. `helm dependency build` first, as Argo CD does, where something is missing. */
function commandLine(root: string, args: readonly string[]): readonly unknown[] {
  const checkout = join(work, `checkout-${createHash('sha1').update(root).digest('hex').slice(0, 8)}`);
  cpSync(root, checkout, { recursive: true, verbatimSymlinks: true });
  const options = { cwd: checkout, encoding: 'utf8', stdio: 'pipe', env: { HOME: checkout } } as const;
  const chart = args[2]!;
  const needs = ['Chart.yaml', 'requirements.yaml']
    .filter((name) => readdirSync(join(checkout, chart)).includes(name))
    .some((name) => readFileSync(join(checkout, chart, name), 'utf8').includes('file://'));
  if (needs) execFileSync(helm, ['dependency', 'build', chart], options);
  const parsed = parseManifests(execFileSync(helm, args, options), { origin: 'helm' });
  return flattenLists(parsed.map(({ object }) => object));
}

interface Case {
  readonly source: Readonly<Record<string, unknown>>;
  readonly command: readonly string[];
}

describe('equal to the command line (B04-B14)', () => {
  it.each(readdirSync(TESTDATA))('%s', async (name) => {
    const text = readFileSync(join(TESTDATA, name, 'case.yaml'), 'utf8');
    const { source, command } = parseYaml(text, { origin: name }) as unknown as Case;
    const repo = join(TESTDATA, name, 'repo');
    const { manifests } = await render(repo, source);
    const expected = commandLine(repo, command);
    expect(manifests.map(({ json }) => JSON.parse(json))).toEqual(JSON.parse(JSON.stringify(expected)));
    expect(expected.length).toBeGreaterThan(0);
  });

  it.each(readdirSync(EXAMPLES).filter((name) => name.startsWith('helm-')))('examples/%s', async (name) => {
    const { manifests } = await render(EXAMPLES, { path: name });
    const expected = commandLine(EXAMPLES, ['template', 'app', name, '--namespace', 'ns', '--include-crds']);
    expect(manifests.map(({ json }) => JSON.parse(json))).toEqual(expected);
  });
});

describe('around the manifests', () => {
  it('origins are templates in the repository', async () => {
    const { manifests } = await render(join(TESTDATA, 'crds-and-hooks/repo'), { path: 'web' });
    expect(manifests.map(({ origin }) => origin).sort()).toEqual([
      'web/crds/crd.yaml',
      'web/templates/pre.yaml',
      'web/templates/tests/test.yaml',
      'web/templates/thing.yaml',
    ]);
  });

  it('functions that give another result each time are warned about, lookups too', async () => {
    const { warnings } = await render(join(TESTDATA, 'unstable-but-guarded/repo'), { path: 'web' });
    expect(warnings).toEqual([
      expect.stringMatching(/^web\/templates\/secret\.yaml: "lookup" finds nothing/),
      expect.stringMatching(/^web\/templates\/secret\.yaml: "randAlphaNum" may give another result/),
    ]);
  });
});
