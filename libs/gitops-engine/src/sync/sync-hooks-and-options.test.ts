import type { KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { hookDeletePoliciesOf, hookTypesOf, isHook, syncPhasesOf, syncWaveOf } from './hooks.js';
import { kindOrder } from './kind-order.js';
import { parseSyncOptions } from './sync-options.js';

function annotated(annotations: Readonly<Record<string, string>>): Pick<KubernetesObject, 'metadata'> {
  return { metadata: { name: 'x', annotations } };
}

const ARGO = 'argocd.argoproj.io';

describe('hooks', () => {
  it.each([
    { name: 'an ordinary object runs in Sync', annotations: {}, hook: false, phases: ['Sync'] },
    {
      name: 'a list of types (D02)',
      annotations: { [`${ARGO}/hook`]: 'PostSync, PreSync' },
      hook: true,
      phases: ['PreSync', 'PostSync'],
    },
    { name: 'garbage never runs (D02)', annotations: { [`${ARGO}/hook`]: 'Later' }, hook: true, phases: [] },
    {
      name: 'Skip is no hook and never runs (D03)',
      annotations: { [`${ARGO}/hook`]: 'Skip' },
      hook: false,
      phases: [],
    },
    {
      name: 'Skip beside another type is a hook of that type (D03)',
      annotations: { [`${ARGO}/hook`]: 'Skip,Sync' },
      hook: true,
      phases: ['Sync'],
    },
    {
      name: 'deletion hooks have no phase of a sync (D08)',
      annotations: { [`${ARGO}/hook`]: 'PreDelete' },
      hook: true,
      phases: [],
    },
    {
      name: 'Helm pre-install and pre-upgrade are one PreSync (B12)',
      annotations: { 'helm.sh/hook': 'pre-install,pre-upgrade' },
      hook: true,
      phases: ['PreSync'],
    },
    {
      name: 'Helm post-upgrade is PostSync (B12)',
      annotations: { 'helm.sh/hook': 'post-upgrade' },
      hook: true,
      phases: ['PostSync'],
    },
    { name: 'Helm test never runs (B12)', annotations: { 'helm.sh/hook': 'test' }, hook: true, phases: [] },
    {
      name: 'Helm crd-install is an ordinary object',
      annotations: { 'helm.sh/hook': 'crd-install' },
      hook: false,
      phases: ['Sync'],
    },
    {
      name: 'an Argo CD hook wins over Helm (B13)',
      annotations: { 'helm.sh/hook': 'post-install', [`${ARGO}/hook`]: 'SyncFail' },
      hook: true,
      phases: ['SyncFail'],
    },
  ])('$name', ({ annotations, hook, phases }) => {
    const object = annotated(annotations);
    expect({ hook: isHook(object), phases: syncPhasesOf(object) }).toEqual({ hook, phases });
  });

  it('knows Helm deletion hooks (B12)', () => {
    expect(hookTypesOf(annotated({ 'helm.sh/hook': 'pre-delete,post-delete' }))).toEqual(['PreDelete', 'PostDelete']);
  });

  it.each([
    { annotations: {}, policies: ['BeforeHookCreation'] },
    { annotations: { [`${ARGO}/hook-delete-policy`]: 'never' }, policies: ['BeforeHookCreation'] },
    {
      annotations: { [`${ARGO}/hook-delete-policy`]: 'HookSucceeded,HookFailed' },
      policies: ['HookSucceeded', 'HookFailed'],
    },
    {
      annotations: { 'helm.sh/hook-delete-policy': 'hook-succeeded, before-hook-creation' },
      policies: ['HookSucceeded', 'BeforeHookCreation'],
    },
    {
      annotations: { 'helm.sh/hook-delete-policy': 'hook-failed', [`${ARGO}/hook-delete-policy`]: 'HookSucceeded' },
      policies: ['HookSucceeded'],
    },
  ])('delete policies of $annotations are $policies (D05, B13)', ({ annotations, policies }) => {
    expect(hookDeletePoliciesOf(annotated(annotations))).toEqual(policies);
  });

  it.each([
    { annotations: {}, wave: 0 },
    { annotations: { [`${ARGO}/sync-wave`]: '-5' }, wave: -5 },
    { annotations: { [`${ARGO}/sync-wave`]: 'soon' }, wave: 0 },
    { annotations: { 'helm.sh/hook-weight': '3' }, wave: 3 },
    { annotations: { 'helm.sh/hook-weight': '3', [`${ARGO}/sync-wave`]: '0' }, wave: 0 },
  ])('wave of $annotations is $wave (D09, B13)', ({ annotations, wave }) => {
    expect(syncWaveOf(annotated(annotations))).toBe(wave);
  });
});

describe('sync options', () => {
  const optionsOf = (app: readonly string[], own?: string) =>
    parseSyncOptions(app, annotated(own === undefined ? {} : { [`${ARGO}/sync-options`]: own }));

  it('have defaults', () => {
    expect(parseSyncOptions(undefined, undefined)).toEqual({
      validate: true,
      prune: true,
      delete: true,
      pruneLast: false,
      prunePropagationPolicy: 'foreground',
      replace: false,
      force: false,
      serverSideApply: undefined,
      clientSideApplyMigration: true,
      applyOutOfSyncOnly: false,
      skipDryRunOnMissingResource: false,
      failOnSharedResource: false,
      respectIgnoreDifferences: false,
      createNamespace: false,
    });
  });

  it('of the resource win over those of the application, one by one (D31)', () => {
    const options = optionsOf(
      ['Replace=true', 'Validate=false', 'ServerSideApply=true'],
      'Replace=false, ServerSideApply=false',
    );
    expect(options).toMatchObject({ replace: false, validate: false, serverSideApply: false });
  });

  it.each([
    ['Prune=false', { prune: false }],
    ['Prune=confirm', { prune: 'confirm' }],
    ['Delete=false', { delete: false }],
    ['Delete=confirm', { delete: 'confirm' }],
    ['PruneLast=true', { pruneLast: true }],
    ['PrunePropagationPolicy=background', { prunePropagationPolicy: 'background' }],
    ['PrunePropagationPolicy=nonsense', { prunePropagationPolicy: 'foreground' }],
    ['ServerSideApply=true', { serverSideApply: true }],
    ['Force=true,Replace=true', { force: true, replace: true }],
    ['SkipDryRunOnMissingResource=true', { skipDryRunOnMissingResource: true }],
    ['Unknown=true,,=', { replace: false }],
  ])('%s', (own, expected) => {
    expect(optionsOf([], own)).toMatchObject(expected);
  });
});

it('orders kinds as Argo CD does: namespaces first, custom resources last (D10)', () => {
  const kinds = ['Widget', 'APIService', 'Deployment', 'Service', 'CustomResourceDefinition', 'ConfigMap', 'Namespace'];
  const sorted = [...kinds].sort((a, b) => kindOrder(a) - kindOrder(b));
  expect(sorted).toEqual(kinds.toReversed());
});
