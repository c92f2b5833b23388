/** Charts in Git: what the key depends on, value files of other sources, what is refused, and messages. */
import { gzipSync } from 'node:zlib';
import type { HelmSource } from '@tiphys/model';
import { toolPath } from '@tiphys/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { planRender, type RenderRequest, readChartArchive, readSetHolds } from '../index.js';
import { installedTools } from '../testing/installed-tools.js';
import { type Files, treeOf } from '../testing/memory-tree.js';
import { templateArguments } from './arguments.js';

const tools = installedTools(toolPath('helm'));
afterAll(() => tools.remove());
const { signal } = new AbortController();
const settings = { maxCombinedManifestBytes: 1e7 };
const application = {
  name: 'team_web',
  project: 'p',
  destinationNamespace: 'ns',
  kubeVersion: '1.34.0',
  apiVersions: ['a/v1'],
};

const chart = (template: string, more: Files = {}): Files => ({
  'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'web/values.yaml': 'a: chart\n',
  'web/templates/cm.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}"}\ndata:\n${template}`,
  ...more,
});
const SIMPLE = '  a: "{{ .Values.a }}"\n';

interface Given extends Partial<Omit<RenderRequest, 'source' | 'tree'>> {
  readonly files?: Files;
  readonly helm?: HelmSource;
  readonly path?: string;
  readonly revision?: string;
}

const plan = ({ files = chart(SIMPLE), helm, path = 'web', revision, ...rest }: Given = {}) => {
  const source = { repoURL: 'r', path, ...(helm === undefined ? {} : { helm }) };
  const tree = { ...treeOf(files), ...(revision === undefined ? {} : { commit: revision }) };
  return planRender({ tree, source, settings, application, tools, ...rest });
};
const render = async (given: Given = {}) => (await plan(given)).render(signal);
const data = async (given: Given = {}): Promise<unknown> =>
  (await render(given)).manifests.map(({ json }) => JSON.parse(json).data)[0];

describe('the key (design 5)', () => {
  const files = chart(SIMPLE, { 'web/values-dev.yaml': 'a: dev\n', 'web/README.md': 'x', 'other/a.yaml': 'b' });
  const base: Given = { files, helm: { valueFiles: ['values-dev.yaml'] } };
  it.each<[string, Given, 'another' | 'the same']>([
    [
      'a template',
      { files: { ...files, 'web/templates/cm.yaml': files['web/templates/cm.yaml'] + '  b: c\n' } },
      'another',
    ],
    ['a new template', { files: { ...files, 'web/templates/new.yaml': '' } }, 'another'],
    ['the values of the chart', { files: { ...files, 'web/values.yaml': 'a: b\n' } }, 'another'],
    ['the value file', { files: { ...files, 'web/values-dev.yaml': 'a: x\n' } }, 'another'],
    ['a value file of another environment', { files: { ...files, 'web/values-prod.yaml': 'a: x\n' } }, 'the same'],
    ['the README', { files: { ...files, 'web/README.md': 'y' } }, 'the same'],
    ['a file outside of the chart', { files: { ...files, 'other/a.yaml': 'c' } }, 'the same'],
    ['the commit', { revision: 'd'.repeat(40) }, 'the same'],
    [
      'the version of the cluster, which the chart ignores',
      { application: { ...application, kubeVersion: '1.30' } },
      'the same',
    ],
    ['the API list, which the chart ignores', { application: { ...application, apiVersions: [] } }, 'the same'],
    ['the name of the application', { application: { ...application, name: 'other' } }, 'another'],
    ['the namespace', { application: { ...application, destinationNamespace: 'other' } }, 'another'],
    ['the project', { application: { ...application, project: 'other' } }, 'the same'],
    ['a parameter', { helm: { ...base.helm, parameters: [{ name: 'a', value: 'b' }] } }, 'another'],
    ['values', { helm: { ...base.helm, values: 'a: b' } }, 'another'],
    ['valuesObject', { helm: { ...base.helm, valuesObject: { a: 'b' } } }, 'another'],
    ['the release', { helm: { ...base.helm, releaseName: 'x' } }, 'another'],
    ['skipCrds', { helm: { ...base.helm, skipCrds: true } }, 'another'],
    ['skipTests', { helm: { ...base.helm, skipTests: true } }, 'another'],
    ['the Helm version, which is ignored', { helm: { ...base.helm, version: 'v3' } }, 'the same'],
  ])('does it change with %s?', async (...[, change, result]) => {
    const [before, after] = [await plan(base), await plan({ ...base, ...change })];
    expect(after.key === before.key ? 'the same' : 'another').toBe(result);
    if (result === 'the same')
      expect((await after.render(signal)).manifests).toEqual((await before.render(signal)).manifests);
  });

  it('charts that look at the cluster or at files depend on them', async () => {
    const caps = { files: chart('  v: "{{ .Capabilities.KubeVersion }}"\n') };
    const files2 = (text: string) => ({ files: chart('  f: "{{ .Files.Get "x" }}"\n', { 'web/x': text }) });
    expect((await plan(caps)).key).not.toBe(
      (await plan({ ...caps, application: { ...application, kubeVersion: '1.30' } })).key,
    );
    expect((await plan(files2('1'))).key).not.toBe((await plan(files2('2'))).key);
  });

  it('the read set holds until something in the chart changes, also by a link', async () => {
    const { readSet } = await plan(base);
    expect(await readSetHolds(treeOf({ ...files, 'other/a.yaml': 'c' }), readSet)).toBe(true);
    expect(await readSetHolds(treeOf({ ...files, 'web/values-dev.yaml': 'a: c' }), readSet)).toBe(false);
    const linked = chart(SIMPLE, { 'web/values.yaml': { link: '../shared.yaml' }, 'shared.yaml': 'a: 1\n' });
    const { readSet: through } = await plan({ files: linked });
    expect(await readSetHolds(treeOf({ ...linked, 'shared.yaml': 'a: 2\n' }), through)).toBe(false);
  });

  it('B03 the revision in a parameter makes the plan one of its commit', async () => {
    const helm = { parameters: [{ name: 'a', value: '$ARGOCD_APP_REVISION_SHORT_8' }] };
    const [one, two] = [await plan({ helm }), await plan({ helm, revision: 'd'.repeat(40) })];
    expect([one.dependsOnCommit, one.key === two.key]).toEqual([true, false]);
    expect(await data({ helm, revision: 'd'.repeat(40) })).toEqual({ a: 'dddddddd' });
    expect((await plan()).dependsOnCommit).toBeUndefined();
  });
});

describe('value files of other sources (A05)', () => {
  const values = treeOf({
    'envs/a.yaml': 'a: from a\n',
    'envs/b.yaml': 'a: from b\n',
    'link.yaml': { link: '../../etc/passwd' },
  });
  const references = new Map([['values', values]]);
  it('are found by the name of the source, also by globs and as file parameters', async () => {
    expect(await data({ references, helm: { valueFiles: ['$values/envs/a.yaml'] } })).toEqual({ a: 'from a' });
    expect(await data({ references, helm: { valueFiles: ['$values/envs/*.yaml'] } })).toEqual({ a: 'from b' });
    const fileParameters = [{ name: 'a', path: '$values/envs/a.yaml' }];
    expect(await data({ references, helm: { fileParameters } })).toEqual({ a: 'a: from a ' });
  });

  it('belong to the read set, with the objects of their repository', async () => {
    const { readSet } = await plan({ references, helm: { valueFiles: ['$values/envs/a.yaml'] } });
    const { oid } = (await values.entry('envs/a.yaml'))!;
    expect(readSet).toContainEqual({ path: 'envs/a.yaml', oid, ref: 'values' });
    const tree = treeOf(chart(SIMPLE));
    expect(await readSetHolds(tree, readSet, references)).toBe(true);
    expect(await readSetHolds(tree, readSet, new Map([['values', treeOf({ 'envs/a.yaml': 'a: 2\n' })]]))).toBe(false);
  });

  it.each([
    ['S7 out of the other repository', '$values/../x.yaml', /is not inside the repository/],
    ['S7 a link out of it', '$values/link.yaml', /is a symbolic link that leads outside of the repository/],
    ['a file that is not there', '$values/nope.yaml', /"\$values\/nope.yaml" does not exist/],
    ['a source that is not there', '$nobody/a.yaml', /Give one of spec.sources "ref: nobody"/],
  ])('%s is refused', async (_name, path, message) => {
    await expect(render({ references, helm: { valueFiles: [path] } })).rejects.toThrow(message);
  });
});

describe('what is refused', () => {
  it.each<[string, HelmSource, RegExp]>([
    ['S7 a value file outside', { valueFiles: ['../../etc/passwd'] }, /is not inside the repository/],
    ['S7 a value file far outside by a glob', { valueFiles: ['../../*/passwd'] }, /is not inside the repository/],
    [
      'S7 an absolute value file is one of the repository',
      { valueFiles: ['/etc/passwd'] },
      /"\/etc\/passwd" does not exist/,
    ],
    [
      'S7 a file parameter outside',
      { fileParameters: [{ name: 'a', path: '../../x' }] },
      /is not inside the repository/,
    ],
    [
      'S7 a file parameter that names another file',
      { fileParameters: [{ name: 'x=/etc/passwd,a', path: 'values.yaml' }] },
      /unusable name/,
    ],
    ['S7 a file URL', { valueFiles: ['file:///etc/passwd'] }, /may not be fetched by "file" URLs/],
    ['a scheme of a Helm plugin', { valueFiles: ['secrets://x.yaml'] }, /may not be fetched by "secrets" URLs/],
    ['a folder', { valueFiles: ['templates'] }, /is a folder/],
    ['S2 a release that looks like an option', { releaseName: '--post-renderer=/x' }, /begins with "-"/],
    ['a release that is no name', { releaseName: 'A_b' }, /invalid release name/],
    ['a version that is none', { kubeVersion: 'latest' }, /is no Kubernetes version/],
    ['a parameter that is no assignment', { parameters: [{ name: 'a[', value: '1' }] }, /failed parsing --set data/],
    ['values that are no YAML', { values: 'a: [' }, /spec\.source\.helm\.values/],
    ['a pattern without match', { valueFiles: ['nope/*.yaml'] }, /values file glob "nope\/\*\.yaml" matched no files/],
  ])('%s', async (_name, helm, message) => {
    const files = chart('  a: "{{ .Values.a }}{{ .Capabilities.KubeVersion }}"\n');
    await expect(render({ files, helm })).rejects.toThrow(message);
  });

  it.each<[string, Files, RegExp]>([
    [
      'S7 a template that is a link outside',
      { 'web/templates/x.yaml': { link: '/etc/passwd' } },
      /templates\/x\.yaml: the symbolic link leads outside/,
    ],
    [
      'S7 a folder of templates outside',
      { 'web/templates/x': { link: '../../..' } },
      /leads outside of the repository/,
    ],
    [
      'S7 a link to the folder above',
      { 'web/templates/x': { link: '../..' } },
      /too many files|contains it|more than 20000/,
    ],
    ['S7 a circle of links', { 'web/a': { link: 'b' }, 'web/b': { link: 'a' } }, /follows too many links/],
    ['a link to nothing', { 'web/templates/x.yaml': { link: 'nope' } }, /leads nowhere/],
    ['no Chart.yaml', { 'web/Chart.yaml': { link: 'nope' } }, /Chart\.yaml: the symbolic link leads nowhere/],
    ['a Chart.yaml that is no YAML', { 'web/Chart.yaml': 'a: [\n' }, /web\/Chart\.yaml:\d+:\d+: not valid YAML/],
    ['S12 a YAML bomb as values', { 'web/values.yaml': bomb() }, /could not be rendered|aliases/],
    [
      'a broken template',
      { 'web/templates/bad.yaml': 'a: b\n{{ .Values.x | nope }}\n' },
      /web\/templates\/bad\.yaml:2\): function "nope" not defined/,
    ],
    [
      'a template that fails',
      { 'web/templates/bad.yaml': 'a: b\n{{ fail "no" }}\n' },
      /\(web\/templates\/bad\.yaml:2:3\).*no/,
    ],
    [
      'a template that gives no YAML',
      { 'web/templates/bad.yaml': 'a: b\n  c: d\n' },
      /YAML parse error on web\/templates\/bad\.yaml/,
    ],
    ['a template that gives no object', { 'web/templates/bad.yaml': 'a: b\n' }, /has no apiVersion/],
    [
      'values that the schema forbids',
      { 'web/values.schema.json': '{"properties":{"a":{"type":"number"}}}' },
      /values don't meet the specifications of the schema/,
    ],
    ['an archive that is none', { 'web/charts/x.tgz': 'hello' }, /web\/charts\/x\.tgz is no gzip archive/],
  ])('%s', async (_name, more, message) => {
    const started = performance.now();
    await expect(render({ files: chart(SIMPLE, more) })).rejects.toThrow(message);
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(tools.leftovers()).toEqual([]);
  });

  it('S6 messages have no paths of this machine', async () => {
    const failing = render({
      files: chart(SIMPLE, { 'web/templates/bad.yaml': '{{ .Values.a.b.c }}' }),
      helm: { values: 'a: [' },
    });
    const message = await failing.catch((error: Error) => error.message);
    expect(message).not.toMatch(/\/tmp|render-|values\/inline/);
  });

  it('S7 S11 a schema that refers to a file or host is not checked, and a warning says so', async () => {
    for (const schema of [
      '{"$ref":"file:///etc/passwd"}',
      '{"$schema":"http://127.0.0.1:1/x"}',
      '{"allOf":[{"$ref":"other.json"}]}',
    ]) {
      const { manifests, warnings } = await render({ files: chart(SIMPLE, { 'web/values.schema.json': schema }) });
      expect(manifests).toHaveLength(1);
      expect(warnings).toEqual([expect.stringMatching(/^web\/values\.schema\.json: the values were not checked/)]);
    }
  });

  it('S5 templates see no environment and no host', async () => {
    expect(await data({ files: chart('  a: "{{ getHostByName "localhost" }}"\n') })).toEqual({ a: '' });
    await expect(render({ files: chart('  a: "{{ env "HOME" }}"\n') })).rejects.toThrow(/function "env" not defined/);
  });
});

function bomb(): string {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level}, `.repeat(10)}]`,
  );
  return `a0: &a0 [x]\n${levels.join('\n')}\n`;
}

describe('S2 arguments', () => {
  it('no text of a source begins one, whatever it is', () => {
    const texts = [
      '--post-renderer=/bin/sh',
      '-f',
      '--kubeconfig',
      ' --x',
      '\n--exec',
      '-',
      '--',
      '=--x',
      '@/etc/passwd',
    ];
    const environment = { values: {}, substitute: (text: string) => text, usedCommit: false };
    const own = /^(template|chart|--(namespace|values|set|set-string|set-file|api-versions)=.*|--include-crds|--)$/s;
    for (const text of texts) {
      const args = templateArguments({
        source: {
          namespace: text,
          parameters: [
            { name: text, value: text },
            { name: text, value: text, forceString: true },
          ],
        },
        environment,
        defaultRelease: text,
        defaultNamespace: text,
        values: ['values/0.yaml'],
        fileParameters: [{ name: text, path: 'files/0.yaml' }],
        kubeVersion: '',
        apiVersions: [text],
        skipSchemaValidation: false,
      });
      for (const argument of args) {
        if (typeof argument === 'string') expect(argument).toMatch(own);
        else expect(argument).toEqual({ input: text });
      }
    }
  });
});

describe('S12 chart archives', () => {
  const entry = (name: string, content: string | Buffer = 'x', type = '0'): Buffer => {
    const bytes = Buffer.from(content);
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write(bytes.length.toString(8).padStart(11, '0'), 124);
    header.write(type, 156);
    header.write('ustar', 257);
    return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
  };
  const meta = entry('web/Chart.yaml', 'name: web\n');
  const pack = (...entries: readonly Buffer[]): Buffer => gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));
  it.each<[string, Buffer, RegExp]>([
    ['a bomb', gzipSync(Buffer.alloc(200 * 1024 * 1024)), /unpacks to more than 104857600 bytes/],
    [
      'too many files',
      pack(meta, ...Array.from({ length: 20_001 }, (_, index) => entry(`web/${index}`, ''))),
      /more than 20000 files/,
    ],
    ['a path above', pack(meta, entry('web/../../etc/passwd')), /has a path that leaves it/],
    ['an absolute path', pack(meta, entry('/etc/passwd')), /has a path that leaves it/],
    ['a Windows path', pack(meta, entry('web\\..\\x')), /has an unusable name/],
    ['a symbolic link', pack(meta, entry('web/x', '', '2')), /has a link/],
    ['a hard link', pack(meta, entry('web/x', '', '1')), /has a link/],
    ['a device', pack(meta, entry('web/x', '', '3')), /has a special file/],
    ['a file beside the chart', pack(meta, entry('x')), /outside of the chart's folder/],
    ['no Chart.yaml', pack(entry('web/x')), /has no Chart\.yaml/],
    ['an archive cut off', gzipSync(meta.subarray(0, 515)), /ends too early/],
    ['a size that is none', pack(Buffer.concat([entry('web/x').fill('z', 124, 136)])), /is no tar archive/],
    [
      'a long name out of it',
      pack(meta, entry('././@LongLink', '../x\0', 'L'), entry('short')),
      /has a path that leaves it/,
    ],
    [
      'a pax name out of it',
      pack(meta, entry('pax', '15 path=../../x\n', 'x'), entry('short')),
      /has a path that leaves it/,
    ],
  ])('with %s are refused', async (_name, bytes, message) => {
    await expect(readChartArchive(bytes, 'x.tgz')).rejects.toThrow(message);
  });

  it('long names are read', async () => {
    const name = `web/templates/${'a'.repeat(150)}.yaml`;
    const long = await readChartArchive(pack(meta, entry('././@LongLink', `${name}\0`, 'L'), entry('short')), 'x');
    expect(long.map(({ path }) => path)).toEqual(['Chart.yaml', name.slice(4)]);
  });
});
