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
        ...{ maxCombinedManifestBytes: 0, includeHiddenDirectories: false, valuesFileSchemes: [] },
        ...{ kustomizeEnableHelm: false, disabledTools: [] },
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
      ...{ kustomizeEnableHelm: true, disabledTools: ['Jsonnet'] },
    });
  });

  it.each([
    ['S2: an option that runs a program of the repository', '--enable-helm --helm-command ./x.sh'],
    ['S2: an option that lifts the load restriction', '--load-restrictor LoadRestrictionsNone'],
  ])('%s is named as a problem and has no effect', (_, options) => {
    const { settings, problems } = parseRenderSettings({ 'kustomize.buildOptions': options }, {});
    expect(problems.length).toBeGreaterThan(0);
    expect(JSON.stringify(settings)).not.toMatch(/x\.sh|restrictor/);
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
});
