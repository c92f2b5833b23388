import type { KubernetesObject, ManagedFieldsEntry, ResourceIgnoreDifferences } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { compileIgnoreDifferences } from './ignore-differences.js';
import { withIgnoredFields } from './respect-ignored.js';

const TYPE = { apiVersion: 'apps/v1', kind: 'Deployment' };
const object = (spec: unknown, annotations: Record<string, string> = {}): KubernetesObject => ({
  ...TYPE,
  metadata: { name: 'web', ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
  spec,
});
const containers = (...images: readonly (readonly [string, string])[]) => ({
  containers: images.map(([name, image]) => ({ name, image })),
});

interface Row {
  readonly name: string;
  readonly rule: Partial<ResourceIgnoreDifferences>;
  readonly target: unknown;
  readonly live: unknown;
  readonly applied: unknown;
}

const rows: readonly Row[] = [
  {
    name: 'a pointer takes the live value',
    ...{ rule: { jsonPointers: ['/spec/replicas'] }, target: { replicas: 1, a: 2 }, live: { replicas: 5, a: 3 } },
    applied: { replicas: 5, a: 2 },
  },
  {
    name: 'a field that only live has is kept',
    ...{
      rule: { jsonPointers: ['/spec/replicas'] },
      target: { a: 2 },
      live: { replicas: 5 },
      applied: { a: 2, replicas: 5 },
    },
  },
  {
    name: 'a field that live does not have is left out',
    ...{ rule: { jsonPointers: ['/spec/replicas'] }, target: { replicas: 1, a: 2 }, live: {}, applied: { a: 2 } },
  },
  {
    name: 'a map that neither has is not made',
    ...{ rule: { jsonPointers: ['/spec/a/b/c'] }, target: { x: 1 }, live: { y: 1 }, applied: { x: 1 } },
  },
  {
    name: 'elements of lists are matched by name, whatever their order',
    rule: { jqPathExpressions: ['.spec.containers[].image'] },
    target: containers(['app', 'app:1'], ['side', 'side:1']),
    live: containers(['side', 'side:9'], ['app', 'app:9']),
    applied: containers(['app', 'app:9'], ['side', 'side:9']),
  },
  {
    name: 'an element that somebody injected is kept whole',
    rule: { jqPathExpressions: ['.spec.containers[] | select(.name == "injected")'] },
    target: containers(['app', 'app:1']),
    live: containers(['app', 'app:9'], ['injected', 'mesh:1']),
    applied: containers(['app', 'app:1'], ['injected', 'mesh:1']),
  },
  {
    name: 'an element of the target that live does not have is left out when it is ignored',
    rule: { jqPathExpressions: ['.spec.containers[] | select(.name == "side")'] },
    target: containers(['app', 'app:1'], ['side', 'side:1']),
    live: containers(['app', 'app:9']),
    applied: containers(['app', 'app:1']),
  },
  {
    name: 'a part of an element that the target does not have stays away',
    rule: { jqPathExpressions: ['.spec.containers[].image'] },
    target: containers(['app', 'app:1']),
    live: containers(['app', 'app:9'], ['other', 'other:1']),
    applied: containers(['app', 'app:9']),
  },
  {
    name: 'a position in a list',
    rule: { jsonPointers: ['/spec/containers/0/image'] },
    target: containers(['app', 'app:1'], ['side', 'side:1']),
    live: containers(['app', 'app:9'], ['side', 'side:9']),
    applied: containers(['app', 'app:9'], ['side', 'side:1']),
  },
];

const rulesOf = (...rules: readonly Partial<ResourceIgnoreDifferences>[]) =>
  compileIgnoreDifferences(rules.map((rule) => ({ group: 'apps', kind: 'Deployment', ...rule })));

describe('RespectIgnoreDifferences (D29)', () => {
  it.each(rows)('$name', ({ rule, target, live, applied }) => {
    expect(withIgnoredFields(object(target), object(live), rulesOf(rule))).toEqual(object(applied));
  });

  it('rules for other objects change nothing', () => {
    const target = object({ replicas: 1 });
    const rules = rulesOf(
      { kind: 'StatefulSet', jsonPointers: ['/spec/replicas'] },
      { name: 'db', jsonPointers: ['/spec'] },
    );
    expect(withIgnoredFields(target, object({ replicas: 5 }), rules)).toEqual(target);
  });

  it('annotations can be ignored, the identity of the object cannot', () => {
    const rules = rulesOf({ jsonPointers: ['/metadata/annotations/a', '/kind', '/apiVersion'] });
    const live = { ...object({}, { a: 'live' }), kind: 'Other' };
    expect(withIgnoredFields(object({}, { a: 'git', b: 'git' }), live, rules)).toEqual(
      object({}, { a: 'live', b: 'git' }),
    );
  });

  it('fields of trusted managers are applied as they are live (C08)', () => {
    const fieldsV1 = {
      'f:spec': {
        'f:replicas': {},
        'f:containers': {
          'k:{"name":"app"}': { '.': {}, 'f:image': {} },
          'k:{"name":"mesh"}': { '.': {}, 'f:image': {} },
        },
      },
    };
    const entry: ManagedFieldsEntry = { manager: 'autoscaler', operation: 'Update', apiVersion: 'apps/v1', fieldsV1 };
    const found = object({ replicas: 7, ...containers(['app', 'app:9'], ['mesh', 'mesh:1']), paused: true });
    const live = { ...found, metadata: { ...found.metadata, managedFields: [entry] } };
    const target = object({ replicas: 1, ...containers(['app', 'app:1']), paused: false });
    expect(withIgnoredFields(target, live, rulesOf({ managedFieldsManagers: ['autoscaler'] }))).toEqual(
      object({ replicas: 7, ...containers(['app', 'app:9'], ['mesh', 'mesh:1']), paused: false }),
    );
  });
});
