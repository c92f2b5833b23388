import type { AppProject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { parseRenderSettings, renderInputs } from './render-inputs.js';
import { parseRepositories } from './repositories.js';

const secret = (name: string, data: Record<string, string>) => ({
  ...{ name, namespace: 'argocd', annotations: {}, data },
  labels: { 'argocd.argoproj.io/secret-type': 'repository' },
});
const project = (sourceRepos: string[]): AppProject => ({
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'team' } },
  spec: { sourceRepos },
});

describe('parseRenderSettings', () => {
  it('has the defaults of an installation that sets nothing', () => {
    expect(parseRenderSettings({}, {})).toEqual({
      problems: [],
      settings: {
        kustomize: { enableHelm: false, reorder: '', managedByLabel: false, loadAnywhere: false, refused: [] },
        ...{ maxCombinedManifestBytes: 0, includeHiddenDirectories: false, valuesFileSchemes: [] },
        ...{
          kustomizeVersions: {},
          disabledTools: [],
          disableSubmodules: false,
          ociLayerMediaTypes: [],
          ociMaxExtractedBytes: 0,
        },
      },
    });
  });

  it('reads sizes, schemes, build options and switched-off tools', () => {
    const cm = {
      'helm.valuesFileSchemes': 'https',
      'kustomize.buildOptions': '--enable-helm',
      'jsonnet.enable': 'false',
    };
    const params = { 'reposerver.max.combined.directory.manifests.size': '10M' };
    expect(parseRenderSettings(cm, params).settings).toMatchObject({
      ...{ maxCombinedManifestBytes: 10_485_760, valuesFileSchemes: ['https'] },
      ...{ kustomize: { enableHelm: true }, disabledTools: ['Jsonnet'] },
    });
  });

  it('reads what OCI sources may be (B28)', () => {
    const params = {
      'reposerver.oci.layer.media.types': 'application/a.tar, application/b.tar+gzip',
      'reposerver.oci.manifest.max.extracted.size': '200M',
    };
    expect(parseRenderSettings({}, params).settings).toMatchObject({
      ociLayerMediaTypes: ['application/a.tar', 'application/b.tar+gzip'],
      ociMaxExtractedBytes: 209_715_200,
    });
    const unlimited = { ...params, 'reposerver.disable.oci.manifest.max.extracted.size': 'true' };
    expect(parseRenderSettings({}, unlimited).settings.ociMaxExtractedBytes).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each([
    ['S2: an option that runs a program of the repository', '--helm-command ./x.sh --enable-helm', '--helm-command'],
    ['S2: a load restriction that there is not', '--load-restrictor /etc', '--load-restrictor'],
    ['S2: an option that lets functions run', '--enable-exec', '--enable-exec'],
    ['S2: an option that gives functions the network', '--network=true', '--network'],
    ['an order that there is not', '--reorder random', '--reorder'],
  ])('%s is named as a problem and refused, without its value', (_, options, name) => {
    const { settings, problems } = parseRenderSettings({ 'kustomize.buildOptions': options }, {});
    expect(problems).toMatchObject([
      { key: 'kustomize.buildOptions', message: expect.stringContaining('only --enable-helm') },
    ]);
    expect(settings.kustomize.refused).toEqual([name]);
    expect(JSON.stringify(settings)).not.toMatch(/x\.sh|etc|true"|random/);
  });

  it('reads versions of Kustomize with their paths and options (B21, B22)', () => {
    const { settings, problems } = parseRenderSettings(
      {
        'kustomize.buildOptions': '--enable-helm --load-restrictor=LoadRestrictionsRootOnly',
        'kustomize.path.v4.5.7': '/custom-tools/kustomize_4_5_7',
        'kustomize.version.v4.5.7': '/old/kustomize',
        'kustomize.version.v3.9.4': '/custom-tools/kustomize_3_9_4',
        'kustomize.buildOptions.v4.5.7': '--reorder legacy --enable-managedby-label',
        'kustomize.buildOptions.v5.4.3': '--load-restrictor LoadRestrictionsNone',
      },
      {},
    );
    const none = { enableHelm: false, reorder: '', managedByLabel: false, loadAnywhere: false, refused: [] };
    expect(problems).toEqual([]);
    expect(settings.kustomize).toEqual({ ...none, enableHelm: true });
    expect(settings.kustomizeVersions).toEqual({
      'v3.9.4': { path: '/custom-tools/kustomize_3_9_4' },
      'v4.5.7': {
        path: '/custom-tools/kustomize_4_5_7',
        options: { ...none, reorder: 'legacy', managedByLabel: true },
      },
      'v5.4.3': { path: '', options: { ...none, loadAnywhere: true } },
    });
  });

  it('names a size that is none', () => {
    const { problems } = parseRenderSettings({}, { 'reposerver.max.combined.directory.manifests.size': 'much' });
    expect(problems).toMatchObject([{ message: expect.stringContaining('10M') }]);
  });
});

describe('renderInputs', () => {
  const { settings: repositories } = parseRepositories([
    secret('charts', { url: 'https://charts.example.com', type: 'helm', username: 'u', password: 'p' }),
    secret('foreign', { url: 'https://other.example.com', type: 'helm', project: 'others' }),
    secret('git', { url: 'https://git.example.com/a' }),
  ]);
  const sources = { repositories, configMap: () => ({}), renderSettings: parseRenderSettings({}, {}).settings };

  it('offers the chart repositories that the project may use, with their credentials (G10)', () => {
    const { chartRepositories, permittedSources } = renderInputs(project(['https://charts.example.com']), sources);
    expect(chartRepositories).toMatchObject([{ url: 'https://charts.example.com', username: 'u' }]);
    expect(permittedSources).toEqual(['https://charts.example.com']);
  });

  it.each([
    ['is gone', undefined],
    ['names no repository', project([])],
  ])('permits nothing when the project %s (S11)', (_, subject) => {
    expect(renderInputs(subject, sources).permittedSources).toEqual(['!*']);
  });

  const integrity = (spec: Partial<AppProject['spec']>, keys: Record<string, string> = {}) =>
    renderInputs({ ...project(['*']), spec }, { ...sources, configMap: () => keys }).sourceIntegrity;
  const policy = { repos: [{ url: 'https://git/*' }], gpg: { mode: 'strict' as const, keys: ['A'] } };

  it.each([
    ['demands nothing', {}, undefined],
    ['has signatureKeys: the head of every repository', { signatureKeys: [{ keyID: 'K' }] }, [['*'], 'head', ['K']]],
    ['has policies', { sourceIntegrity: { git: { policies: [policy] } } }, [['https://git/*'], 'strict', ['A']]],
    [
      'has both: the policies alone',
      { signatureKeys: [{ keyID: 'K' }], sourceIntegrity: { git: { policies: [policy] } } },
      [['https://git/*'], 'strict', ['A']],
    ],
  ])('a project that %s (F06)', (_, spec, expected) => {
    const [first] = integrity(spec)?.gitPolicies ?? [];
    expect(first && [first.repos, first.mode, first.keys]).toEqual(expected);
  });

  it('brings the keys of argocd-gpg-keys-cm along, those of SSH apart from the others (G13)', () => {
    const keys = { ABCD: 'armored', ssh_allowed_signers: 'me ssh-ed25519 AAAA' };
    expect(integrity({ signatureKeys: [{ keyID: 'K' }] }, keys)).toMatchObject({
      gpgKeys: ['armored'],
      sshAllowedSigners: 'me ssh-ed25519 AAAA',
    });
  });
});
