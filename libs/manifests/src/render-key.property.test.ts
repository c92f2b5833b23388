/**
 * The render key (design 5): changing one input changes it, changing anything else does not, and equal keys give equal
 * manifests. A source is a set of slots with a few variants each; random states of all slots are compared in pairs.
 */
import { toolPath } from '@tiphys/testing';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  planRender,
  type RenderPlan,
  type RenderSettings,
  readSetHolds,
  type SourceTree,
  type Toolbox,
} from './index.js';
import { installedTools } from './testing/installed-tools.js';
import { type Content, treeOf } from './testing/memory-tree.js';

const tools = installedTools(toolPath('helm'));
afterAll(() => tools.remove());
const { signal } = new AbortController();

type Json = Record<string, unknown>;

/** What a request is made of; variants of slots change it. */
interface Draft {
  readonly files: Record<string, Content>;
  /** Another repository, the source `ref`. */
  readonly reference: Record<string, Content>;
  readonly source: Json;
  readonly settings: Json;
  readonly application: Json;
  readonly versions: Record<string, string>;
  commit: string;
}

interface Slot {
  readonly name: string;
  /** Does the result depend on it? */
  readonly role: 'input' | 'neutral';
  /** The first one is the ordinary state. */
  readonly variants: readonly ((draft: Draft) => void)[];
}

type Role = Slot['role'];
type Change = (draft: Draft, value: unknown) => void;
type Values = readonly [unknown, ...unknown[]];

function slot([role, name]: readonly [Role, string], values: Values, change: Change): Slot {
  return { name, role, variants: values.map((value) => (draft: Draft) => change(draft, value)) };
}

/** Contents of a file; null: it is not there. */
const blob = (role: Role, path: string, ...contents: readonly [Content | null, ...(Content | null)[]]): Slot =>
  slot([role, `the file ${path}`], contents, ({ files }, content) => put(files, path, content));
const lent = (role: Role, path: string, ...contents: readonly [Content | null, ...(Content | null)[]]): Slot =>
  slot([role, `the file ${path} of another source`], contents, ({ reference }, content) =>
    put(reference, path, content),
  );
const field = (role: Role, path: string, ...values: Values): Slot =>
  slot([role, `source.${path}`], values, ({ source }, value) => set(source, path.split('.'), value));
const application = (role: Role, path: string, ...values: Values): Slot =>
  slot([role, `the application's ${path}`], values, (draft, value) => set(draft.application, [path], value));
const setting = (role: Role, path: string, ...values: Values): Slot =>
  slot([role, `the setting ${path}`], values, (draft, value) => set(draft.settings, [path], value));
const version = (role: Role, tool: string): Slot =>
  slot([role, `the version of ${tool}`], ['1', '2'], ({ versions }, value) => void (versions[tool] = String(value)));
const commit = slot(['neutral', 'the commit'], ['a'.repeat(40), 'b'.repeat(40)], (draft, value) => {
  draft.commit = String(value);
});

function put(files: Record<string, Content>, path: string, content: unknown): void {
  if (content !== null) files[path] = content as Content;
}

/** Undefined leaves the field out. */
function set(target: Json, [name = '', ...rest]: readonly string[], value: unknown): void {
  if (value === undefined) return;
  if (rest.length === 0) target[name] = structuredClone(value);
  else set((target[name] ??= {}) as Json, rest, value);
}

const map = (name: string, data = 'a: b'): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {${data}}\n`;

/** What no renderer but that of its own tool looks at. */
const elsewhere = (...own: readonly string[]): readonly Slot[] => [
  commit,
  field('neutral', 'targetRevision', 'main', 'v2'),
  field('neutral', 'repoURL', 'https://git.example.org/a', 'https://git.example.org/b'),
  field('neutral', 'name', undefined, 'shop'),
  application('neutral', 'project', 'default', 'other'),
  blob('neutral', 'other/a.yaml', map('x'), map('y')),
  blob('neutral', 'README.md', 'a', null),
  ...['helm', 'kustomize', 'jsonnet'].filter((tool) => !own.includes(tool)).map((tool) => version('neutral', tool)),
  setting('neutral', 'valuesFileSchemes', undefined, ['https']),
];

const CHART = [
  'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: "{{ .Release.Name }}", namespace: "{{ .Release.Namespace }}"}',
  'spec: {text: {{ .Values | toJson | quote }}, kube: {{ .Capabilities.KubeVersion.Version | quote }}}\n',
];
const chart = (more: string): string => `${CHART[0]}\n${more}${CHART[1]}`;
const hook = 'apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\n';
const crd = 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\n';

const helm: readonly Slot[] = [
  field(
    'input',
    'helm',
    {},
    { values: 'inline: 1\n' },
    { valuesObject: { inline: 2 } },
    { valuesObject: { inline: 3 } },
  ),
  blob(
    'input',
    'app/Chart.yaml',
    'apiVersion: v2\nname: c\nversion: 1.0.0\n',
    'apiVersion: v2\nname: c\nversion: 1.1.0\n',
  ),
  blob('input', 'app/values.yaml', 'a: 1\nb: 2\n', 'a: 1\nb: 3\n'),
  blob('input', 'app/templates/a.yaml', chart(''), chart('more: 1\n')),
  blob('input', 'app/templates/tests/t.yaml', hook, hook.replace('t,', 'u,')),
  blob('input', 'app/templates/new.yaml', null, map('new')),
  blob('input', 'app/crds/c.yaml', crd, crd.replace('name: c', 'name: d')),
  blob(
    'input',
    'app/charts/sub/Chart.yaml',
    'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
    'apiVersion: v2\nname: sub\nversion: 1.0.1\n',
  ),
  blob('input', 'app/charts/sub/templates/s.yaml', map('sub'), map('sub', 'a: c')),
  blob('input', 'app/.argocd-source.yaml', null, 'helm: {skipSchemaValidation: true}\n'),
  blob('input', 'values/one.yaml', 'one: 1\n', 'one: 2\n'),
  blob('input', 'values/two.yaml', 'one: 3\n', 'one: 4\n'),
  blob('input', 'values/file.txt', 'text', 'other text'),
  lent('input', 'lent.yaml', 'lent: 1\n', 'lent: 2\n'),
  field(
    'input',
    'helm.valueFiles',
    ['../values/one.yaml', '../values/two.yaml', '$lender/lent.yaml'],
    ['../values/two.yaml', '../values/one.yaml', '$lender/lent.yaml'],
  ),
  field(
    'input',
    'helm.fileParameters',
    [{ name: 'file', path: '/values/file.txt' }],
    [{ name: 'other', path: '/values/file.txt' }],
  ),
  field('input', 'helm.releaseName', 'rel', 'release'),
  field(
    'input',
    'helm.parameters',
    [{ name: 'p', value: '1' }],
    [{ name: 'p', value: '2' }],
    [{ name: 'p', value: '1', forceString: true }],
  ),
  field('input', 'helm.skipCrds', undefined, true),
  field('input', 'helm.skipTests', undefined, true),
  application('input', 'destinationNamespace', 'ns', 'ns2'),
  application('input', 'kubeVersion', '1.34.0', '1.33.1'),
  application('input', 'apiVersions', ['apps/v1'], ['apps/v1', 'example.org/v1']),
  version('input', 'helm'),
  ...elsewhere('helm'),
  blob('neutral', 'app/README.md', 'a', 'b'),
  blob('neutral', 'app/values-dev.yaml', 'a: 1', null),
  blob('neutral', 'values/three.yaml', 'a: 1', 'a: 2'),
  lent('neutral', 'unread.yaml', 'a: 1', 'a: 2'),
  field('neutral', 'helm.ignoreMissingValueFiles', undefined, true),
  field('neutral', 'helm.passCredentials', undefined, true),
  application('neutral', 'name', 'app', 'app2'),
  setting('neutral', 'maxCombinedManifestBytes', 1e6, 2e6),
  setting('neutral', 'kustomize', undefined, { enableHelm: true }),
  setting('neutral', 'disabledTools', undefined, ['Jsonnet']),
];

const kustomization = 'resources: [../base]\ncomponents: [../component]\npatches: [{path: patch.yaml}]\n';
const component = 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [map.yaml]\n';
const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\nspec: {containers: [{name: c, image: ${image}}]}\n`;
const patch = (value: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: pod, labels: {patched: ${value}}}\n`;
const jsonPatch = (value: string) => [
  { target: { kind: 'Pod' }, patch: `[{"op": "add", "path": "/metadata/annotations/x", "value": "${value}"}]` },
];

const kustomize: readonly Slot[] = [
  blob('input', 'app/kustomization.yaml', kustomization, `${kustomization}nameSuffix: -x\n`),
  blob('input', 'app/patch.yaml', patch('one'), patch('two')),
  blob(
    'input',
    'base/kustomization.yaml',
    'resources: [pod.yaml]\nconfigMapGenerator: [{name: g, files: [g.txt]}]\n',
    'resources: [pod.yaml]\nsecretGenerator: [{name: g, files: [g.txt]}]\n',
  ),
  blob('input', 'base/pod.yaml', pod('a'), pod('b')),
  blob('input', 'base/g.txt', 'one', 'two'),
  blob('input', 'component/kustomization.yaml', component, `${component}labels: [{pairs: {a: b}}]\n`),
  blob('input', 'component/map.yaml', map('m'), map('n')),
  blob('input', 'app/.argocd-source.yaml', null, 'kustomize: {nameSuffix: -overridden}\n'),
  field('input', 'kustomize.namePrefix', undefined, 'a-', 'b-'),
  field('input', 'kustomize.namespace', undefined, 'n'),
  field('input', 'kustomize.images', undefined, ['a=x:1'], ['a=x:2']),
  field('input', 'kustomize.commonLabels', undefined, { team: 'a' }),
  field('input', 'kustomize.commonAnnotations', { at: '$ARGOCD_APP_NAME' }, { at: 'of $ARGOCD_APP_NAME' }),
  field('input', 'kustomize.commonAnnotationsEnvsubst', true),
  field('input', 'kustomize.patches', jsonPatch('1'), jsonPatch('2')),
  application('input', 'name', 'app', 'app2'),
  version('input', 'kustomize'),
  ...elsewhere('kustomize'),
  blob('neutral', 'base/notes.txt', 'a', 'b'),
  blob('neutral', 'base/unused.yaml', map('a'), null),
  application('neutral', 'destinationNamespace', 'ns', 'ns2'),
  application('neutral', 'kubeVersion', '1.34.0', '1.33.1'),
  application('neutral', 'apiVersions', [], ['apps/v1']),
  setting('neutral', 'maxCombinedManifestBytes', 1e6, 2e6),
];

const main =
  "local lib = import 'lib.libsonnet';\nfunction(arg) lib + { data: { ext: std.extVar('e'), arg: arg, text: importstr 'text.txt' } }\n";
const library = "{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' } }\n";

const jsonnet: readonly Slot[] = [
  blob('input', 'app/main.jsonnet', main, main.replace('arg: arg', "arg: arg + '!'")),
  blob('input', 'app/text.txt', 'one', 'two'),
  blob('input', 'lib/lib.libsonnet', library, library.replace("'m'", "'n'")),
  blob('input', 'app/beside.yaml', null, map('beside')),
  field(
    'input',
    'directory.jsonnet.extVars',
    [{ name: 'e', value: '1' }],
    [{ name: 'e', value: '2' }],
    [{ name: 'e', value: '1', code: true }],
  ),
  field('input', 'directory.jsonnet.tlas', [{ name: 'arg', value: 'a' }], [{ name: 'arg', value: '$ARGOCD_APP_NAME' }]),
  field('input', 'directory.jsonnet.libs', ['lib'], ['other', 'lib']),
  version('input', 'jsonnet'),
  ...elsewhere('jsonnet'),
  blob('neutral', 'lib/unused.libsonnet', '{}', '{ a: 1 }'),
  blob('neutral', 'app/unused.txt', 'a', null),
  application('neutral', 'destinationNamespace', 'ns', 'ns2'),
  application('neutral', 'kubeVersion', '1.34.0', '1.33.1'),
  setting('neutral', 'kustomize', undefined, { enableHelm: true }),
];

const directory: readonly Slot[] = [
  blob('input', 'app/a.yaml', map('a'), map('a', 'a: c')),
  blob('input', 'app/sub/b.yaml', map('b'), map('c')),
  blob('input', 'app/sub/new.json', null, '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new"}}'),
  blob('input', 'shared/linked.yaml', map('l'), map('l', 'a: c')),
  blob('input', 'app/link.yaml', { link: '../shared/linked.yaml' }),
  blob('input', 'app/extra.yaml', map('extra')),
  field('input', 'directory.exclude', undefined, 'extra.*'),
  setting('input', 'maxCombinedManifestBytes', 1e6, 2e6),
  ...elsewhere().filter(({ name }) => name !== 'the file other/a.yaml'),
  blob('input', 'other/a.yaml', map('x')),
  field('input', 'directory.recurse', true),
  blob('neutral', 'app/notes.txt', 'a', 'b'),
  blob('neutral', 'app/sub/NOTES', null, 'b'),
  application('neutral', 'name', 'app', 'app2'),
  application('neutral', 'destinationNamespace', 'ns', 'ns2'),
  application('neutral', 'kubeVersion', '1.34.0', '1.33.1'),
  application('neutral', 'apiVersions', [], ['apps/v1']),
];

/** Variant of each slot. */
type State = readonly number[];

interface Planned {
  readonly plan: RenderPlan;
  readonly tree: SourceTree;
  readonly references: ReadonlyMap<string, SourceTree>;
}

async function planOf(slots: readonly Slot[], state: State): Promise<Planned> {
  const draft: Draft = {
    files: {},
    reference: {},
    source: { repoURL: 'r', path: 'app' },
    settings: { maxCombinedManifestBytes: 1e6 },
    application: {
      name: 'app',
      project: 'default',
      destinationNamespace: 'ns',
      kubeVersion: '1.34.0',
      apiVersions: [],
    },
    versions: { helm: '1', kustomize: '1', jsonnet: '1' },
    commit: 'a'.repeat(40),
  };
  for (const [index, { variants }] of slots.entries()) variants[state[index] ?? 0]?.(draft);
  const versioned: Toolbox = { ...tools, version: async (tool) => draft.versions[tool] ?? '' };
  const tree = { ...treeOf(draft.files), commit: draft.commit };
  const references = new Map([['lender', treeOf(draft.reference)]]);
  const plan = await planRender({
    tree,
    source: draft.source as { repoURL: string },
    settings: draft.settings as unknown as RenderSettings,
    application: draft.application as unknown as Parameters<typeof planRender>[0]['application'],
    tools: versioned,
    references,
  });
  return { plan, tree, references };
}

const ordinary = (slots: readonly Slot[]): State => slots.map(() => 0);
const outputOf = async ({ plan }: Planned): Promise<string> => JSON.stringify(await plan.render(signal));

/** Runs are the same every time: a property that fails, fails for everybody. */
const RUNS = { seed: 20_260_101, numRuns: 150 };

const scenarios: readonly (readonly [string, readonly Slot[]])[] = [
  ['Helm', helm],
  ['Kustomize', kustomize],
  ['Jsonnet', jsonnet],
  ['a directory', directory],
];

describe.each(scenarios)('the key of %s', (_name, slots) => {
  const changes = slots.flatMap(({ name, role, variants }, index) =>
    variants.slice(1).map((_variant, variant) => ({ name, role, index, variant: variant + 1 })),
  );
  const changed = ({ index, variant }: (typeof changes)[number]): State =>
    ordinary(slots).map((base, at) => (at === index ? variant : base));

  it('the ordinary state renders', async () => {
    expect(await outputOf(await planOf(slots, ordinary(slots)))).toContain('apiVersion');
  });

  it.each(changes.filter(({ role }) => role === 'input'))('changes with $name ($variant)', async (change) => {
    const [before, after] = [await planOf(slots, ordinary(slots)), await planOf(slots, changed(change))];
    expect(after.plan.key).not.toBe(before.plan.key);
  });

  it.each(changes.filter(({ role }) => role === 'neutral'))('stays with $name', async (change) => {
    const [before, after] = [await planOf(slots, ordinary(slots)), await planOf(slots, changed(change))];
    expect(after.plan.key).toBe(before.plan.key);
  });

  const states = fc.tuple(...slots.map(({ variants }) => fc.nat(variants.length - 1)));
  const indexes = slots.map((_slot, index) => index);
  const neutral = indexes.filter((index) => slots[index]?.role === 'neutral');
  const pairs = fc
    .tuple(states, states, fc.oneof(fc.subarray(neutral), fc.subarray(indexes, { maxLength: 3 }), fc.subarray(indexes)))
    .map(([one, other, taken]) => ({
      one,
      other: one.map((variant, at) => (taken.includes(at) ? other[at]! : variant)),
    }));

  it('is the same exactly when all inputs are; equal keys give equal manifests, and a read set that holds an equal key', async () => {
    let [equal, different] = [0, 0];
    await fc.assert(
      fc.asyncProperty(pairs, async ({ one, other }) => {
        const [first, second] = [await planOf(slots, one), await planOf(slots, other)];
        const sameInputs = slots.every(({ role }, at) => role === 'neutral' || one[at] === other[at]);
        expect(first.plan.key === second.plan.key).toBe(sameInputs);
        if (!sameInputs) {
          different += 1;
          return;
        }
        equal += 1;
        if (one.every((variant, at) => variant === other[at]) || equal > 12) return;
        expect(await outputOf(second)).toBe(await outputOf(first));
        const holds = await readSetHolds(second.tree, first.plan.readSet, second.references);
        expect(holds ? second.plan.key : first.plan.key).toBe(first.plan.key);
      }),
      RUNS,
    );
    expect(Math.min(equal, different)).toBeGreaterThan(5);
  });
});
