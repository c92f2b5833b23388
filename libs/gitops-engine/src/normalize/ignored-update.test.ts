import type { KubernetesObject, ResourceIgnoreDifferences } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { compileIgnoreDifferences } from './ignore-differences.js';
import { isIgnoredUpdate } from './ignored-update.js';

const STATUS: ResourceIgnoreDifferences = { group: '*', kind: '*', jsonPointers: ['/status'] };

function object(
  resourceVersion: string,
  more: object = {},
  annotations: Record<string, string> = {},
): KubernetesObject {
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 1 }, status: { replicas: 1 } },
    ...more,
    metadata: { name: 'web', namespace: 'web', resourceVersion, annotations },
  };
}

describe('an update of a live object (C19)', () => {
  it.each<[string, object, readonly ResourceIgnoreDifferences[], boolean]>([
    ['of nothing but an ignored field is ignored', { status: { replicas: 2 } }, [STATUS], true],
    ['of nothing but its version is ignored', {}, [STATUS], true],
    ['of another field counts', { spec: { replicas: 2 } }, [STATUS], false],
    ['of an ignored field and another counts', { spec: { replicas: 2 }, status: { replicas: 2 } }, [STATUS], false],
    ['without a rule counts', { status: { replicas: 2 } }, [], false],
    [
      'of another kind than the rule is for counts',
      { status: {} },
      [{ group: 'batch', kind: 'Job', jsonPointers: ['/status'] }],
      false,
    ],
    [
      'by a jq expression is ignored',
      { status: { replicas: 2 } },
      [{ group: 'apps', kind: 'Deployment', jqPathExpressions: ['.status | .replicas'] }],
      true,
    ],
  ])('%s', (...[, change, rules, ignored]) => {
    expect(isIgnoredUpdate(object('1'), object('2', change), compileIgnoreDifferences(rules))).toBe(ignored);
  });

  it('of an ignored annotation is ignored, of another one it counts', () => {
    const rules = compileIgnoreDifferences([{ group: '*', kind: '*', jsonPointers: ['/metadata/annotations/beat'] }]);
    const before = object('1', {}, { beat: '1', other: 'x' });
    expect(isIgnoredUpdate(before, object('2', {}, { beat: '2', other: 'x' }), rules)).toBe(true);
    expect(isIgnoredUpdate(before, object('2', {}, { beat: '1', other: 'y' }), rules)).toBe(false);
  });

  it('of a field of a trusted manager is ignored', () => {
    const managedFields = [
      { manager: 'hpa', operation: 'Update' as const, fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    ];
    const owned = (version: string, replicas: number): KubernetesObject => {
      const base = object(version, { spec: { replicas } });
      return { ...base, metadata: { ...base.metadata, managedFields } };
    };
    const rules = compileIgnoreDifferences([{ group: 'apps', kind: 'Deployment', managedFieldsManagers: ['hpa'] }]);
    expect(isIgnoredUpdate(owned('1', 1), owned('2', 5), rules)).toBe(true);
  });
});
