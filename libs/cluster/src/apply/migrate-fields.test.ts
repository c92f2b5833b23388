import type { KubernetesObject, ManagedFieldsEntry } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { migrationPatch, unionFields } from './migrate-fields.js';

describe('unionFields', () => {
  it.each([
    { name: 'merges children', a: { 'f:a': {} }, b: { 'f:b': {} }, expected: { 'f:a': {}, 'f:b': {} } },
    {
      name: 'goes down',
      a: { 'f:a': { 'f:x': {} } },
      b: { 'f:a': { 'f:y': {} } },
      expected: { 'f:a': { 'f:x': {}, 'f:y': {} } },
    },
    {
      name: 'keeps an owned parent beside its children',
      a: { 'f:a': {} },
      b: { 'f:a': { 'f:y': {} } },
      expected: { 'f:a': { '.': {}, 'f:y': {} } },
    },
    { name: 'keeps equal leaves leaves', a: { 'v:"x"': {} }, b: { 'v:"x"': {} }, expected: { 'v:"x"': {} } },
  ])('$name', ({ a, b, expected }) => {
    expect(unionFields(a, b)).toEqual(expected);
  });
});

function live(managedFields: readonly ManagedFieldsEntry[]): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', resourceVersion: '5', managedFields } };
}

const migration = { fieldManager: 'argocd-controller', alsoFrom: [] };
const foreign: ManagedFieldsEntry = { manager: 'hpa', operation: 'Update', fieldsV1: { 'f:spec': {} } };
const kubectl: ManagedFieldsEntry = {
  manager: 'kubectl-client-side-apply',
  operation: 'Update',
  fieldsV1: { 'f:data': { 'f:a': {} } },
};
const ours: ManagedFieldsEntry = {
  manager: 'argocd-controller',
  operation: 'Apply',
  fieldsV1: { 'f:data': { 'f:b': {} } },
};

describe('migrationPatch', () => {
  it.each([
    { name: 'nothing but other managers', entries: [foreign] },
    { name: 'our own apply only', entries: [ours, foreign] },
    { name: 'a status entry of ours', entries: [{ ...ours, operation: 'Update' as const, subresource: 'status' }] },
    { name: 'no managed fields', entries: [] },
  ])('is not needed with $name', ({ entries }) => {
    expect(migrationPatch(live(entries), migration)).toBeUndefined();
  });

  it('unites the fields under our manager, leaves others, and is guarded by the version', () => {
    expect(migrationPatch(live([kubectl, ours, foreign]), migration)).toEqual([
      {
        op: 'replace',
        path: '/metadata/managedFields',
        value: [{ ...ours, fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} } } }, foreign],
      },
      { op: 'replace', path: '/metadata/resourceVersion', value: '5' },
    ]);
  });

  it('takes the manager of the annotation as well', () => {
    const helm: ManagedFieldsEntry = { ...kubectl, manager: 'helm' };
    const patch = migrationPatch(live([helm]), { ...migration, alsoFrom: ['helm'] });
    expect(patch?.[0]?.value).toEqual([{ ...helm, manager: 'argocd-controller', operation: 'Apply' }]);
  });
});
