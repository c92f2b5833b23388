import { describe, expect, it } from 'vitest';
import { compileExclusions, parseComparisonSettings } from './index.js';

const settingsOf = (data: Record<string, string>) => parseComparisonSettings(data).settings;

describe('comparison settings', () => {
  it('have Argo CD’s defaults when argocd-cm is empty', () => {
    const { settings, problems } = parseComparisonSettings({});
    expect(problems).toEqual([]);
    expect(settings).toMatchObject({
      trackingMethod: 'annotation',
      instanceLabelKey: 'app.kubernetes.io/instance',
      installationId: undefined,
      fieldManager: 'argocd-controller',
      ignoreDifferences: [],
      ignoreResourceStatusField: 'all',
      ignoreAggregatedRoles: false,
      ignoreDifferencesOnResourceUpdates: true,
      respectRbac: 'off',
      ignoreResourceUpdatesEnabled: true,
    });
  });

  it.each([
    [
      'a tracking method (A26)',
      'application.resourceTrackingMethod',
      'annotation+label',
      { trackingMethod: 'annotation+label' },
    ],
    ['an instance label (A26)', 'application.instanceLabelKey', 'argocd.io/app', { instanceLabelKey: 'argocd.io/app' }],
    ['an installation id', 'installationID', 'prod', { installationId: 'prod' }],
    [
      'aggregated roles (C10)',
      'resource.compareoptions',
      'ignoreAggregatedRoles: true',
      { ignoreAggregatedRoles: true },
    ],
    [
      'status of CRDs (C11)',
      'resource.compareoptions',
      'ignoreResourceStatusField: crd',
      { ignoreResourceStatusField: 'crd' },
    ],
    [
      'an old spelling of none (C11)',
      'resource.compareoptions',
      'ignoreResourceStatusField: off',
      { ignoreResourceStatusField: 'none' },
    ],
    ['RBAC (C17)', 'resource.respectRBAC', 'strict', { respectRbac: 'strict' }],
  ])('read %s', (...[, key, value, expected]) => {
    expect(settingsOf({ [key]: value })).toMatchObject(expected);
  });

  it.each([
    ['application.resourceTrackingMethod', 'magic', 'is not one of annotation, annotation+label, label'],
    ['resource.compareoptions', 'ignoreResourceStatusField: [', 'not valid YAML'],
    ['resource.compareoptions', 'just text', 'must be a YAML object'],
    ['resource.exclusions', 'kinds: [Lease]', 'must be a YAML list'],
    ['resource.customizations.ignoreDifferences.a_b_c', 'jsonPointers: [/a]', 'must end in <group>_<Kind>'],
    ['resource.customizations.ignoreDifferences.apps_Deployment', '- /spec', 'must be an object with jsonPointers'],
    ['resource.ignoreResourceUpdatesEnabled', 'maybe', 'is not true or false'],
  ])('keep the default and say why for %s: %s', (key, value, message) => {
    const { settings, problems } = parseComparisonSettings({ [key]: value });
    expect(problems).toEqual([{ key, message: expect.stringContaining(message) }]);
    expect(settings).toEqual(settingsOf({}));
  });
});

describe('customizations', () => {
  const rules = { jsonPointers: ['/spec/replicas'], jqPathExpressions: ['.a'], managedFieldsManagers: ['hpa'] };
  const text = 'jsonPointers: [/spec/replicas]\njqPathExpressions: [.a]\nmanagedFieldsManagers: [hpa]\n';
  it.each([
    ['a kind of a group', { 'resource.customizations.ignoreDifferences.apps_Deployment': text }, 'apps', 'Deployment'],
    ['a kind of the core group', { 'resource.customizations.ignoreDifferences.Service': text }, '', 'Service'],
    ['all kinds', { 'resource.customizations.ignoreDifferences.all': text }, '*', '*'],
    ['a glob', { 'resource.customizations.ignoreDifferences.*.example.com_*': text }, '*.example.com', '*'],
    [
      'the old single key',
      { 'resource.customizations': `apps/Deployment:\n  ignoreDifferences: |\n    ${text.replaceAll('\n', '\n    ')}` },
      'apps',
      'Deployment',
    ],
  ])('ignoreDifferences of %s are read (C09)', (...[, data, group, kind]) => {
    expect(settingsOf(data).ignoreDifferences).toEqual([{ group, kind, ...rules }]);
  });

  it('health scripts, known types and ignored updates are read (E05, C12, C19)', () => {
    const settings = settingsOf({
      'resource.customizations.health.example.com_Widget': 'return {status = "Healthy"}',
      'resource.customizations.useOpenLibs.example.com_Widget': 'true',
      'resource.customizations.knownTypeFields.example.com_Widget': '- field: spec.template\n  type: core/v1/PodSpec\n',
      'resource.customizations.ignoreResourceUpdates.all': 'jsonPointers: [/status]',
    });
    expect(settings.healthScripts).toEqual([
      { group: 'example.com', kind: 'Widget', lua: 'return {status = "Healthy"}', useOpenLibs: true },
    ]);
    expect(settings.knownTypeFields).toEqual([
      { group: 'example.com', kind: 'Widget', field: 'spec.template', type: 'core/v1/PodSpec' },
    ]);
    expect(settings.ignoreResourceUpdates).toEqual([
      { group: '*', kind: '*', jsonPointers: ['/status'], jqPathExpressions: [], managedFieldsManagers: [] },
    ]);
  });
});

describe('resource exclusions (C16)', () => {
  const test = (exclusions: string, inclusions = '') =>
    compileExclusions(
      settingsOf({ 'resource.exclusions': exclusions, 'resource.inclusions': inclusions }).resourceFilter,
    );
  it.each([
    ['events are always excluded', '', '', { group: '', kind: 'Event' }, true],
    ['metrics are always excluded', '', '', { group: 'metrics.k8s.io', kind: 'PodMetrics' }, true],
    ['other kinds are watched by default', '', '', { group: '', kind: 'Endpoints' }, false],
    [
      'a listed kind is excluded',
      '- {apiGroups: [cilium.io], kinds: [CiliumIdentity]}',
      '',
      { group: 'cilium.io', kind: 'CiliumIdentity' },
      true,
    ],
    [
      'another kind of the group is not',
      '- {apiGroups: [cilium.io], kinds: [CiliumIdentity]}',
      '',
      { group: 'cilium.io', kind: 'CiliumNode' },
      false,
    ],
    [
      'globs work in groups',
      '- {apiGroups: ["*.k8s.io"], kinds: ["*"]}',
      '',
      { group: 'coordination.k8s.io', kind: 'Lease' },
      true,
    ],
    [
      'a rule for another cluster does not apply',
      '- {kinds: [Secret], clusters: ["https://b"]}',
      '',
      { group: '', kind: 'Secret' },
      false,
    ],
    ['with inclusions everything else is excluded', '', '- {apiGroups: [apps]}', { group: '', kind: 'Secret' }, true],
    ['an included kind is watched', '', '- {apiGroups: [apps]}', { group: 'apps', kind: 'Deployment' }, false],
    [
      'an exclusion beats an inclusion',
      '- {kinds: [Deployment]}',
      '- {apiGroups: [apps]}',
      { group: 'apps', kind: 'Deployment' },
      true,
    ],
  ])('%s', (...[, exclusions, inclusions, kind, expected]) => {
    expect(test(exclusions, inclusions)(kind, 'https://a')).toBe(expected);
  });
});
