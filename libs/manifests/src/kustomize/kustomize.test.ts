/** Kustomize sources: equal to what the command line prints for a checkout, read sets, keys, and what is refused. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { KustomizeSource } from '@tiphys/model';
import { parseManifests } from '@tiphys/model/yaml';
import { toolPath } from '@tiphys/testing';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  ANY_FOLDER,
  DEFAULT_MAX_COMBINED_MANIFEST_BYTES,
  planRender,
  type RenderRequest,
  readSetHolds,
} from '../index.js';
import { installedTools } from '../testing/installed-tools.js';
import { type Files, filesOf, treeOf } from '../testing/memory-tree.js';

const corpus = join(import.meta.dirname, '../../testdata/kustomize');
const files = filesOf(corpus);
const tools = installedTools(toolPath('kustomize'));
afterAll(() => tools.remove());

const { signal } = new AbortController();
const settings = { maxCombinedManifestBytes: DEFAULT_MAX_COMBINED_MANIFEST_BYTES };
const application = {
  name: 'shop',
  project: 'default',
  destinationNamespace: 'shop-ns',
  kubeVersion: '1.33.2',
  apiVersions: ['apps/v1', 'example.org/v1/Widget'],
};

interface Given extends Partial<Omit<RenderRequest, 'source' | 'tree'>> {
  readonly path: string;
  readonly kustomize?: KustomizeSource;
  readonly repository?: Files;
}

function plan({ path, kustomize, repository = files, ...rest }: Given) {
  const source = { repoURL: 'https://git.example.org/shop', path, ...(kustomize === undefined ? {} : { kustomize }) };
  return planRender({ tree: treeOf(repository), source, settings, application, tools, ...rest });
}

async function objectsOf(given: Given): Promise<readonly unknown[]> {
  const { manifests } = await (await plan(given)).render(signal);
  return manifests.map(({ json }) => JSON.parse(json) as unknown);
}

/** What the commands that Argo CD runs print for a plain checkout. */
function commandLine(path: string, edits: readonly (readonly string[])[], build: readonly string[] = []) {
  const checkout = mkdtempSync(join(tmpdir(), 'tiphys-checkout-'));
  try {
    cpSync(corpus, checkout, { recursive: true, verbatimSymlinks: true });
    const run = (args: readonly string[], cwd: string): string =>
      execFileSync(toolPath('kustomize'), args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    for (const edit of edits) run(['edit', ...edit], join(checkout, path));
    const output = run(['build', ...build, path], checkout);
    return parseManifests(output, { origin: 'kustomize' }).map(({ object }) => object);
  } finally {
    rmSync(checkout, { recursive: true, force: true, maxRetries: 5 });
  }
}

describe('gives what the command line gives (B15-B22)', () => {
  it.each([
    ['a base with generators'],
    ['overlays/staging'],
    ['overlays/production'],
    ['overlays/production-eu'],
    ['old'],
    ['plugins'],
    ['links'],
    ['links/linked-base'],
    ['base/rbac'],
  ])('%s', async (name) => {
    const path = name === 'a base with generators' ? 'base' : name;
    expect(await objectsOf({ path })).toEqual(commandLine(path, []));
  });

  const options: readonly [string, KustomizeSource, readonly (readonly string[])[]][] = [
    [
      'prefix, suffix and namespace instead of those of the file',
      { namePrefix: 'my-', nameSuffix: '-x', namespace: 'mine' },
      [
        ['set', 'nameprefix', '--', 'my-'],
        ['set', 'namesuffix', '--', '-x'],
        ['set', 'namespace', '--', 'mine'],
      ],
    ],
    [
      'images by tag, digest, new name and star',
      { images: ['registry.example.org:5000/shop/web=other/web:2', 'proxy@sha256:abc', 'absent:1', 'x=*:3'] },
      [['set', 'image', 'registry.example.org:5000/shop/web=other/web:2', 'proxy@sha256:abc', 'absent:1', 'x=*:3']],
    ],
    ['an image whose name is kept by a star', { images: ['proxy=*:9'] }, [['set', 'image', 'proxy=*:9']]],
    ['replicas', { replicas: [{ name: 'web', count: '5' }] }, [['set', 'replicas', 'web=5']]],
    ['labels with selectors', { commonLabels: { tier: 'front' } }, [['add', 'label', 'tier:front']]],
    [
      'labels without selectors',
      { commonLabels: { tier: 'front', part: '"quoted"' }, labelWithoutSelector: true },
      [['add', 'label', '--without-selector', 'tier:front', 'part:"quoted"']],
    ],
    [
      'labels in templates',
      { commonLabels: { tier: 'front' }, labelWithoutSelector: true, labelIncludeTemplates: true },
      [['add', 'label', '--without-selector', '--include-templates', 'tier:front']],
    ],
    [
      'labels with the build environment (B03)',
      { commonLabels: { app: '$ARGOCD_APP_NAME' }, forceCommonLabels: true },
      [['add', 'label', '--force', 'app:shop']],
    ],
    [
      'annotations as they are',
      { commonAnnotations: { by: '${ARGOCD_APP_NAME}' } },
      [['add', 'annotation', 'by:${ARGOCD_APP_NAME}']],
    ],
    [
      'annotations with the build environment (B03)',
      {
        commonAnnotations: { by: '${ARGOCD_APP_NAME} in $ARGOCD_APP_NAMESPACE for $$5$NOTHING' },
        commonAnnotationsEnvsubst: true,
      },
      [['add', 'annotation', 'by:shop in shop-ns for $5']],
    ],
    ['components', { components: ['../../components/tls'] }, [['add', 'component', '../../components/tls']]],
    [
      'components that are there, when missing ones are ignored',
      { components: ['../../components/none', '../../components/monitoring'], ignoreMissingComponents: true },
      [['add', 'component', '../../components/monitoring']],
    ],
  ];
  it.each(options)('staging with %s', async (_name, kustomize, edits) => {
    const path = 'overlays/staging';
    expect(await objectsOf({ path, kustomize })).toEqual(commandLine(path, edits));
  });

  it('production with forced labels and annotations', async () => {
    const kustomize: KustomizeSource = {
      commonLabels: { env: 'forced' },
      forceCommonLabels: true,
      commonAnnotations: { team: 'other' },
      forceCommonAnnotations: true,
    };
    const edits = [
      ['add', 'label', '--force', 'env:forced'],
      ['add', 'annotation', '--force', 'team:other'],
    ];
    expect(await objectsOf({ path: 'overlays/production', kustomize })).toEqual(
      commandLine('overlays/production', edits),
    );
  });

  it('patches of the source come after those of the file (B19)', async () => {
    const patch = '- {op: replace, path: /spec/ports/0/port, value: 9090}';
    const kustomize: KustomizeSource = { patches: [{ target: { kind: 'Service', name: 'web' }, patch }] };
    const edits = [['add', 'patch', '--kind', 'Service', '--name', 'web', '--patch', patch]];
    expect(await objectsOf({ path: 'overlays/production', kustomize })).toEqual(
      commandLine('overlays/production', edits),
    );
  });

  it('inflated charts of the repository, when the installation allows it (B22, B10)', async () => {
    const helm = ['--enable-helm', '--helm-command', toolPath('helm')];
    const cluster = ['--helm-kube-version', '1.33.2', '--helm-api-versions', 'apps/v1'];
    const allowed = { ...settings, kustomize: { enableHelm: true } };
    expect(await objectsOf({ path: 'charts', settings: allowed })).toEqual(
      commandLine('charts', [], [...helm, ...cluster]),
    );
    await expect(plan({ path: 'charts' })).rejects.toThrow(/helmCharts is not enabled. Add --enable-helm/);
  });
});

describe('read set and key', () => {
  it('a push that changes a base renders exactly its dependents again, any other push none', async () => {
    const paths = ['base', 'base/rbac', 'overlays/staging', 'overlays/production', 'overlays/production-eu', 'old'];
    const plans = await Promise.all(paths.map((path) => plan({ path })));
    const changedBy = async (change: Files) => {
      const repository = { ...files, ...change };
      const tree = treeOf(repository);
      const changed: string[] = [];
      for (const [index, path] of paths.entries()) {
        const before = plans[index]!;
        const after = await plan({ path, repository });
        expect(after.key === before.key).toBe(await readSetHolds(tree, before.readSet));
        if (after.key !== before.key) changed.push(path);
      }
      return changed;
    };
    expect(await changedBy({ 'base/nginx.conf': 'server {}\n' })).toEqual(paths.filter((path) => path !== 'base/rbac'));
    expect(await changedBy({ 'components/monitoring/annotate.yaml': '[]\n' })).toEqual([
      'overlays/production',
      'overlays/production-eu',
    ]);
    expect(await changedBy({ 'overlays/production-eu/host.yaml': '[]\n' })).toEqual(['overlays/production-eu']);
    expect(await changedBy({ 'base/README.md': 'read me', 'overlays/new/kustomization.yaml': '' })).toEqual([]);
  });

  it('every file that the corpus is rendered from is in the read set: taking one away changes the key or fails', async () => {
    const { key, readSet } = await plan({ path: 'overlays/production-eu' });
    const present = readSet.filter(({ oid }) => oid !== null && oid !== ANY_FOLDER);
    expect(present.length).toBeGreaterThan(15);
    for (const { path } of present) {
      const repository = Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));
      const outcome = await plan({ path: 'overlays/production-eu', repository }).then(
        (changed) => changed.key,
        () => 'fails',
      );
      expect([path, outcome]).not.toEqual([path, key]);
    }
  });

  it('every change of any one file changes the keys of exactly those who read it', async () => {
    const allowed = { ...settings, kustomize: { enableHelm: true } };
    const paths = ['overlays/staging', 'overlays/production-eu', 'old', 'plugins', 'links', 'charts', 'base/rbac'];
    const plans = await Promise.all(paths.map((path) => plan({ path, settings: allowed })));
    const readBy = new Map<string, number>();
    for (const [changed, content] of Object.entries(files)) {
      if (typeof content !== 'string') continue;
      const repository = { ...files, [changed]: `${content}\n# changed\n` };
      for (const [index, path] of paths.entries()) {
        const before = plans[index]!;
        const isRead = before.readSet.some((entry) => entry.path === changed && entry.oid !== null);
        const key = await plan({ path, repository, settings: allowed }).then(
          (after) => after.key,
          () => 'fails',
        );
        expect([path, changed, key !== before.key]).toEqual([path, changed, isRead]);
        if (isRead) readBy.set(changed, (readBy.get(changed) ?? 0) + 1);
      }
    }
    const texts = Object.keys(files).filter((path) => typeof files[path] === 'string');
    expect(texts.filter((path) => !readBy.has(path))).toEqual([]);
  });

  it('the key changes with every option and the tool, and not with what is not used', async () => {
    const path = 'overlays/staging';
    const { key } = await plan({ path });
    const newer = { ...tools, version: async () => 'v9' };
    const changed = await Promise.all([
      plan({ path, tools: newer }),
      ...[{ namePrefix: 'a-' }, { images: ['proxy:1'] }, { commonLabels: { a: 'b' } }, { namespace: 'x' }].map(
        (kustomize) => plan({ path, kustomize }),
      ),
    ]);
    expect(new Set([key, ...changed.map((other) => other.key)]).size).toBe(6);
    const same = await Promise.all([
      plan({ path, kustomize: {} }),
      plan({ path, application: { ...application, name: 'other', kubeVersion: '1.30', apiVersions: [] } }),
      plan({ path, settings: { ...settings, kustomize: { enableHelm: true } } }),
    ]);
    expect(same.map((other) => other.key)).toEqual([key, key, key]);
  });

  it('a commit that the build environment brings in makes the result one of that commit', async () => {
    const kustomize = (value: string): KustomizeSource => ({
      commonAnnotations: { revision: value },
      commonAnnotationsEnvsubst: true,
    });
    const path = 'overlays/staging';
    expect((await plan({ path, kustomize: kustomize('$ARGOCD_APP_REVISION') })).dependsOnCommit).toBe(true);
    expect((await plan({ path, kustomize: kustomize('$ARGOCD_APP_NAME') })).dependsOnCommit).toBeUndefined();
  });
});

const minimal = (kustomization: string, more: Files = {}): Files => ({
  'app/kustomization.yaml': kustomization,
  ...more,
});

describe('S7 nothing outside of the repository, nothing remote', () => {
  it.each([
    ['a resource above the root', 'resources: [../../x.yaml]', /"\.\.\/\.\.\/x\.yaml" in resources is not inside/],
    ['an absolute resource', 'resources: [/etc/passwd]', /"\/etc\/passwd" in resources is not inside/],
    ['an absolute patch', 'patches: [{path: /etc/passwd}]', /in patches is not inside/],
    [
      'a generator file',
      'configMapGenerator: [{name: a, files: [k=../../etc/passwd]}]',
      /configMapGenerator is not inside/,
    ],
    ['an env file', 'secretGenerator: [{name: a, envs: [/proc/self/environ]}]', /secretGenerator is not inside/],
    ['an openapi file', 'openapi: {path: ../../x.json}', /openapi is not inside/],
    ['a link that leads out', 'resources: [out.yaml]', /"out\.yaml" in resources is not inside/],
    ['a link to a folder outside', 'resources: [away]', /"away" in resources is not inside/],
    ['links in a circle', 'resources: [loop-a]', /"loop-a" in resources is not inside/],
    [
      'an https file',
      'resources: ["https://u:secret@example.org/x.yaml"]',
      /https:\/\/\*\*\*@example.org\/x.yaml.*vendor it/,
    ],
    ['a Git URL', 'resources: ["https://example.org/o/r//base?ref=v1"]', /names the remote https:\/\/example.org/],
    ['an scp-like URL', 'resources: ["git@example.org:o/r.git"]', /names the remote git@example.org/],
    ['an SSH address of GitHub', 'resources: ["git@github.com/o/r"]', /names the remote git@github.com/],
    ['the short form of GitHub', 'bases: [github.com/o/r]', /names the remote github.com\/o\/r/],
    ['a file URL', 'resources: ["file:///etc/passwd"]', /names the remote file:/],
    ['a remote component', 'components: ["https://example.org/c"]', /components names the remote/],
    ['a remote patch', 'patches: [{path: "https://example.org/p.yaml"}]', /patches names the remote/],
    ['a missing file', 'resources: [none.yaml]', /"none\.yaml" in resources does not exist in the repository/],
    ['several documents', 'a: 1\n---\nb: 1', /app\/kustomization\.yaml holds several YAML documents/],
    ['no mapping', '[a]', /app\/kustomization\.yaml holds no YAML mapping/],
    ['broken YAML', 'resources: [', /app\/kustomization\.yaml:\d+:\d+: not valid YAML/],
  ])('%s is refused before anything runs', async (_name, kustomization, message) => {
    const repository = minimal(kustomization, {
      'app/out.yaml': { link: '../../etc/passwd' },
      'app/away': { link: '/etc' },
      'app/loop-a': { link: 'loop-b' },
      'app/loop-b': { link: 'loop-a' },
    });
    const before = tools.runs.length;
    await expect(plan({ path: 'app', repository })).rejects.toThrow(message);
    expect(tools.runs.length).toBe(before);
  });

  it('files above the kustomization stay refused by kustomize itself', async () => {
    const repository = minimal('resources: [../shared.yaml]', {
      'shared.yaml': 'apiVersion: v1\nkind: X\nmetadata: {name: a}\n',
    });
    const rendering = objectsOf({ path: 'app', repository });
    await expect(rendering).rejects.toThrow(
      /kustomize failed with exit code 1.*security; file 'shared.yaml' is not in or below/s,
    );
  });

  it('LoadRestrictionsNone: files above the kustomization, in every field that names files, as the command line reads them (B22)', async () => {
    const above: Files = {
      'app/kustomization.yaml': [
        'resources: [../shared/web.yaml, base]',
        'patches: [{path: ../shared/patch.yaml}]',
        'replacements: [{path: ../shared/replacement.yaml}]',
        'configMapGenerator: [{name: settings, files: [../shared/a.conf, "renamed=../shared/b.conf"], envs: [../shared/c.env]}]',
        'configurations: [../shared/names.yaml]',
        'transformers: [../shared/labels.yaml]',
      ].join('\n'),
      'app/base/kustomization.yaml':
        'resources: [../../shared/other.yaml]\npatchesStrategicMerge: [../../shared/other-patch.yaml]\n',
      'shared/web.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n',
      'shared/other.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {a: "1"}\n',
      'shared/other-patch.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {b: "2"}\n',
      'shared/patch.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort}\n',
      'shared/replacement.yaml':
        'source: {kind: Service, name: web, fieldPath: spec.type}\ntargets: [{select: {name: other}, fieldPaths: [data.a]}]\n',
      'shared/names.yaml': 'nameReference: []\n',
      'shared/labels.yaml':
        'apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: l}\nlabels: {team: a}\nfieldSpecs: [{path: metadata/labels, create: true}]\n',
      'shared/a.conf': 'a\n',
      'shared/b.conf': 'b\n',
      'shared/c.env': 'C=3\n',
    };
    const checkout = mkdtempSync(join(tmpdir(), 'tiphys-above-'));
    onTestFinished(() => rmSync(checkout, { recursive: true, maxRetries: 5 }));
    for (const [path, content] of Object.entries(above)) {
      mkdirSync(dirname(join(checkout, path)), { recursive: true });
      writeFileSync(join(checkout, path), String(content));
    }
    const build = ['build', '--load-restrictor', 'LoadRestrictionsNone', join(checkout, 'app')];
    const output = execFileSync(toolPath('kustomize'), build, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    const expected = parseManifests(output, { origin: 'kustomize' }).map(({ object }) => object);
    const anywhere = { ...settings, kustomize: { loadAnywhere: true } };
    expect(expected).toHaveLength(3);
    expect(await objectsOf({ path: 'app', repository: above, settings: anywhere })).toEqual(expected);
    await expect(objectsOf({ path: 'app', repository: above })).rejects.toThrow(/is not in or below/);
    const outside = { ...above, 'app/base/kustomization.yaml': 'resources: [../../../etc/passwd]\n' };
    await expect(plan({ path: 'app', repository: outside, settings: anywhere })).rejects.toThrow(/is not inside/);
  });

  it('a folder with an @ in its name, and a patch in one line, are no remotes', async () => {
    const repository = minimal(
      'resources: [web@2]\npatchesStrategicMerge: [\'{"apiVersion":"v1","kind":"X","metadata":{"name":"a"},"image":"x@sha256:1/2"}\']\n',
      {
        'app/web@2/kustomization.yaml': 'resources: [a.yaml]\n',
        'app/web@2/a.yaml': 'apiVersion: v1\nkind: X\nmetadata: {name: a}\n',
      },
    );
    expect(await objectsOf({ path: 'app', repository })).toMatchObject([{ image: 'x@sha256:1/2' }]);
  });

  it('kustomizations in a circle are an error, not an endless walk', async () => {
    const repository = { 'a/kustomization.yaml': 'resources: [../b]', 'b/kustomization.yaml': 'resources: [../a]' };
    await expect(objectsOf({ path: 'a', repository })).rejects.toThrow(/cycle/);
  });

  it('plugins that run programs stay off', async () => {
    const repository = minimal('generators: [g.yaml]', {
      'app/g.yaml':
        'apiVersion: x/v1\nkind: G\nmetadata:\n  name: g\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: /bin/ls}\n',
    });
    await expect(objectsOf({ path: 'app', repository })).rejects.toThrow(/kustomize failed/);
  });
});

describe('options that cannot be', () => {
  it.each([
    [
      'a label that is there already',
      { commonLabels: { env: 'x' } },
      /"env" is in the kustomization's commonLabels already. Set spec.source.kustomize.forceCommonLabels/,
    ],
    ['an annotation that is there already', { commonAnnotations: { team: 'x' } }, /forceCommonAnnotations/],
    [
      'templates with selectors',
      { commonLabels: { a: 'b' }, labelIncludeTemplates: true },
      /needs labelWithoutSelector/,
    ],
    ['an image without an override', { images: ['proxy'] }, /"proxy" in spec.source.kustomize.images is no override/],
    ['a count that is no number', { replicas: [{ name: 'web', count: 'many' }] }, /"many" of web is no number/],
    [
      'a missing component',
      { components: ['../nowhere'] },
      /component "\.\.\/nowhere" is not a folder of the repository/,
    ],
    ['a component outside', { components: ['../../../x'] }, /component "\.\.\/\.\.\/\.\.\/x" is not inside/],
    ['a version that is not installed', { version: 'v3.0.0' }, /Kustomize v3.0.0 is not installed/],
  ] as const)('%s', async (_name, kustomize, message) => {
    await expect(plan({ path: 'overlays/production', kustomize: kustomize as KustomizeSource })).rejects.toThrow(
      message,
    );
  });

  it('the installed version may be named (B21)', async () => {
    const version = await tools.version('kustomize');
    expect((await plan({ path: 'base', kustomize: { version } })).key).toBe((await plan({ path: 'base' })).key);
  });
});

it('no workspace is left behind, after failures neither', () => expect(tools.leftovers()).toEqual([]));
