import { type JsonObject, type KubernetesObject, matchesGlob } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { compileIgnoreDifferences } from './ignore-differences.js';
import { normalize } from './normalize.js';
import { parsePathExpression } from './path-expression.js';
import { parseJsonPointer, removePath } from './paths.js';
import { storedSecretText } from './secret-text.js';

const POD: JsonObject = {
  metadata: { annotations: { 'a.b/c': '1', d: '2' } },
  spec: {
    containers: [
      { name: 'a', image: 'x', env: [{ name: 'K', value: '1' }] },
      { name: 'b', image: 'y' },
    ],
    replicas: 3,
  },
};

function removed(expression: string): JsonObject {
  const parsed = parsePathExpression(expression);
  if (!('path' in parsed)) throw new Error(parsed.problem);
  return removePath(POD, parsed.path);
}

describe('path expressions (C07)', () => {
  it.each<[string, (pod: { metadata: never; spec: never } & JsonObject) => unknown, unknown]>([
    ['.spec.replicas', (pod) => pod['spec'], { containers: POD['spec'] && (POD['spec'] as JsonObject)['containers'] }],
    ['.spec["replicas"]', (pod) => Object.keys(pod['spec'] as JsonObject), ['containers']],
    ['.metadata.annotations["a.b/c"]', (pod) => (pod['metadata'] as JsonObject)['annotations'], { d: '2' }],
    ['.metadata.annotations."a.b/c"', (pod) => (pod['metadata'] as JsonObject)['annotations'], { d: '2' }],
    ['.["spec"]', (pod) => Object.keys(pod), ['metadata']],
    ['.spec.containers[].image', images, [undefined, undefined]],
    ['.spec.containers[]?.image?', images, [undefined, undefined]],
    ['.spec.containers[0].image', images, [undefined, 'y']],
    ['.spec.containers[-1].image', images, ['x', undefined]],
    ['.spec.containers[] | select(.name == "b") | .image', images, ['x', undefined]],
    ['.spec.containers[] | select(.name != "b").image', images, [undefined, 'y']],
    ['.spec.containers[] | select(.name == "a" and .image == "x")', images, ['y']],
    ['.spec.containers[] | select(.name == "zz" or (.image == "y"))', images, ['x']],
    ['.spec.containers[] | select(.env)', images, ['y']],
    ['.spec.nowhere[].at.all', (pod) => pod, POD],
    ['.metadata.annotations[]', (pod) => (pod['metadata'] as JsonObject)['annotations'], {}],
  ])('%s', (expression, view, expected) => {
    const before = structuredClone(POD);
    expect(view(removed(expression) as never)).toEqual(expected);
    expect(POD).toEqual(before);
  });

  it.each([
    ['.spec | keys', '"keys" is not supported'],
    ['.a | test("x")', '"test" is not supported'],
    ['.a[1:2]', 'is not supported'],
    ['..|.x', 'is not supported'],
    ['spec.a', '"spec" is not supported'],
    ['.a | select(.b | startswith("x"))', 'is not supported'],
    ['.a | select(.b > 1)', 'is not supported'],
    ['.a | select(.b[] == 1)', 'inside a condition'],
    ['.a..b', '".." is not supported'],
    ['.', 'whole object'],
    ['.a[', 'ends too early'],
    ['.a, .b', 'is not supported'],
    ['', 'ends too early'],
    [`.${'a.'.repeat(2000)}b`, 'longer than'],
  ])('%j is refused with a reason', (expression, reason) => {
    expect(parsePathExpression(expression)).toEqual({ problem: expect.stringContaining(reason) });
  });
});

function images(pod: JsonObject): unknown {
  return ((pod['spec'] as JsonObject)['containers'] as readonly JsonObject[]).map((container) => container['image']);
}

describe('JSON pointers (C06)', () => {
  it.each([
    ['/spec/replicas', '/spec', ['containers']],
    ['/metadata/annotations/a.b~1c', '/metadata/annotations', ['d']],
    ['/spec/nowhere/7/x', '/spec', ['containers', 'replicas']],
  ])('%s leaves under %s: %j', (pointer, at, keys) => {
    const result = removePath(POD, parseJsonPointer(pointer) ?? []);
    const shown = at
      .slice(1)
      .split('/')
      .reduce<JsonObject>((value, key) => value[key] as JsonObject, result);
    expect(Object.keys(shown)).toEqual(keys);
  });
  it('names pointers that cannot be used', () => {
    const { problems } = compileIgnoreDifferences([{ kind: 'Pod', jsonPointers: ['spec/replicas', ''] }]);
    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain('"spec/replicas" cannot be used: a JSON pointer starts with "/"');
  });
});

describe('globs', () => {
  it.each([
    ['*', 'a/b', true],
    ['https://host/*', 'https://host/org/repo', true],
    ['*.k8s.io', 'networking.k8s.io', true],
    ['team-?', 'team-a', true],
    ['team-?', 'team-ab', false],
    ['team-[a-c]', 'team-b', true],
    ['team-[!a-c]', 'team-b', false],
    ['{a,b}-*', 'b-x', true],
    ['{a,b}-*', 'c-x', false],
    ['a\\*', 'a*', true],
    ['a\\*', 'ab', false],
    ['', '', true],
    ['', 'a', false],
    // Not a glob: it matches nothing, as in Argo CD.
    ['[', '[', false],
  ])('%j matches %j: %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });
  it('takes no exponential time for many stars', () => {
    expect(matchesGlob(`${'*a'.repeat(30)}b`, 'a'.repeat(5_000))).toBe(false);
  });
});

describe('normalize', () => {
  const rules = {
    ignoreResourceStatusField: 'all',
    ignoreAggregatedRoles: true,
    ignoredPaths: [],
    trusted: [],
  } as const;
  const samples: readonly KubernetesObject[] = [
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: 'x' }, data: { b: 'Yg==\n' } },
    { apiVersion: 'v1', kind: 'LimitRange', metadata: {}, spec: { limits: [{ default: { cpu: '1000m' } }] } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: {},
      roleRef: { apiGroup: '' },
      subjects: [{ kind: 'User' }],
    },
    { apiVersion: 'x.io/v1', kind: 'Any', metadata: { annotations: {} }, status: { a: 1 } },
  ];
  it.each(samples.map((object) => ({ kind: object.kind, object })))(
    'twice is the same as once for a $kind, and changes no input',
    ({ object }) => {
      const before = structuredClone(object);
      const once = normalize(object, rules);
      expect(normalize(once, rules)).toEqual(once);
      expect(object).toEqual(before);
    },
  );
});

it.each([
  { name: 'UTF-8 text', text: 'pässword 😀', stored: 'pässword 😀' },
  { name: 'a lone surrogate, which becomes U+FFFD', text: 'a\ud800b', stored: 'a\ufffdb' },
])('stringData is compared as the API server stores it: $name', ({ text, stored }) => {
  expect(storedSecretText(text)).toBe(Buffer.from(stored).toString('base64'));
});
