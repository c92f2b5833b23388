/** Options kept in the repository (A29), the build environment (B03), and what switches tools off (B02). */
import type { ApplicationSource } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { buildEnvironment } from './build-environment.js';
import { applyOverrides } from './overrides.js';
import { type Files, treeOf } from './testing/memory-tree.js';
import { recordTree } from './tree/recorded-tree.js';

const source: ApplicationSource = {
  repoURL: 'https://git.example.org/x',
  path: 'app',
  targetRevision: 'main',
  kustomize: { namePrefix: 'a-', images: ['web:1'] },
};

async function overridden(files: Files, application = 'shop') {
  const tree = treeOf({ 'app/a.yaml': '', ...files });
  const recorded = recordTree(tree);
  const merged = await applyOverrides({ tree, recorded, folder: 'app', source, application });
  return { merged, readSet: recorded.readSet().map(({ path }) => path) };
}

describe('override files (A29)', () => {
  it('are merged over the source, the one of the application last; null takes away', async () => {
    const { merged } = await overridden({
      'app/.argocd-source.yaml': 'kustomize: {images: ["web:2"], nameSuffix: -b}\n',
      'app/.argocd-source-shop.yaml': 'kustomize: {images: ["web:3"], namePrefix: null}\n',
      'app/.argocd-source-other.yaml': 'kustomize: {images: ["web:4"]}\n',
    });
    expect(merged).toEqual({ ...source, kustomize: { images: ['web:3'], nameSuffix: '-b' } });
  });

  it('of applications in other namespaces have the namespace in their name', async () => {
    const { merged } = await overridden(
      { 'app/.argocd-source-team_shop.yaml': 'kustomize: {namespace: team}\n' },
      'team_shop',
    );
    expect(merged.kustomize?.namespace).toBe('team');
  });

  it('cannot say where the source comes from', async () => {
    const { merged } = await overridden({
      'app/.argocd-source.yaml': 'repoURL: https://evil.example.org\npath: /etc\ntargetRevision: x\nchart: y\nref: z\n',
    });
    expect(merged).toEqual(source);
  });

  it('belong to the read set, whether they are there or not', async () => {
    const { readSet } = await overridden({ 'app/.argocd-source.yaml': '' });
    expect(readSet).toEqual(['app', 'app/.argocd-source-shop.yaml', 'app/.argocd-source.yaml']);
  });

  it.each([
    ['a list', '[]', /app\/.argocd-source.yaml: the file must be a mapping/],
    ['a tool that is no mapping', 'kustomize: 1', /kustomize must be a mapping/],
    ['images that are no list', 'kustomize: {images: web}', /kustomize.images must be a list of texts/],
    ['a number as a label', 'kustomize: {commonLabels: {a: 1}}', /kustomize.commonLabels must be a mapping of texts/],
    ['a flag that is a text', 'helm: {skipCrds: "yes"}', /helm.skipCrds must be true or false/],
    ['replicas that are texts', 'kustomize: {replicas: [a]}', /kustomize.replicas must be a list of mappings/],
    ['library folders that are no list', 'directory: {jsonnet: {libs: a}}', /directory.jsonnet.libs must be a list/],
    ['broken YAML', 'kustomize: {', /app\/.argocd-source.yaml:\d+:\d+: not valid YAML/],
  ])('with %s are refused', async (_name, text, message) => {
    await expect(overridden({ 'app/.argocd-source.yaml': text })).rejects.toThrow(message);
  });

  it('S7 are not read through a link out of the repository', async () => {
    const files = { 'app/.argocd-source.yaml': { link: '/etc/passwd' } };
    await expect(overridden(files)).rejects.toThrow(/leads outside of the repository/);
  });

  it('do not reach into the prototype of objects', async () => {
    await overridden({ 'app/.argocd-source.yaml': 'kustomize: {"__proto__": {polluted: "yes"}}\n' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('build environment (B03)', () => {
  const environment = () =>
    buildEnvironment({
      source,
      commit: '0123456789abcdef',
      application: {
        name: 'shop',
        project: 'default',
        destinationNamespace: 'ns',
        kubeVersion: '1.34.0',
        apiVersions: ['v1', 'apps/v1'],
      },
    });

  it.each([
    ['$ARGOCD_APP_NAME/${ARGOCD_APP_NAMESPACE}', 'shop/ns'],
    ['$ARGOCD_APP_PROJECT_NAME', 'default'],
    [
      '$ARGOCD_APP_REVISION $ARGOCD_APP_REVISION_SHORT $ARGOCD_APP_REVISION_SHORT_8',
      '0123456789abcdef 0123456 01234567',
    ],
    ['$ARGOCD_APP_SOURCE_REPO_URL', 'https://git.example.org/x'],
    ['$ARGOCD_APP_SOURCE_PATH@$ARGOCD_APP_SOURCE_TARGET_REVISION', 'app@main'],
    ['$KUBE_VERSION $KUBE_API_VERSIONS', '1.34.0 v1,apps/v1'],
    ['$$ARGOCD_APP_NAME ${$}', '$ARGOCD_APP_NAME $'],
    ['[$UNKNOWN][${UNKNOWN}][$1][${}][$][$-]', '[][][][][$][]'],
    ['${ARGOCD_APP_NAME', 'ARGOCD_APP_NAME'],
    ['$toString ${constructor}', ' '],
  ])('%s gives %s', (text, expected) => expect(environment().substitute(text)).toBe(expected));

  it('tells whether the commit was used', () => {
    const used = environment();
    used.substitute('$ARGOCD_APP_NAME');
    expect(used.usedCommit).toBe(false);
    used.substitute('${ARGOCD_APP_REVISION_SHORT}');
    expect(used.usedCommit).toBe(true);
  });
});
