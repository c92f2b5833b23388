import type { KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { summarizeChange } from './change-summary.js';

const metadata = { name: 'web', namespace: 'argocd' };
const application = (spec: object, more: object = {}): KubernetesObject => ({
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
  metadata: { ...metadata, resourceVersion: String(Math.random()), ...more },
  spec,
  status: { random: Math.random() },
});
const SECRET = 'hunter2-canary';

describe('the summary of a change', () => {
  it('names each changed field with its values', () => {
    const before = application({ project: 'a', source: { targetRevision: 'v1', path: 'x' } });
    const after = application({ project: 'a', source: { targetRevision: 'v2' } }, { labels: { 'team.io/name': 'b' } });
    expect(summarizeChange({ before, after })).toEqual({
      ...{ verb: 'update', apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', ...metadata },
      fields: [
        { path: 'spec.source.targetRevision', before: 'v1', after: 'v2' },
        { path: 'spec.source.path', before: 'x' },
        { path: 'metadata.labels[team.io/name]', after: 'b' },
      ],
    });
  });

  it('is nothing where only the server and the controller changed something', () => {
    expect(summarizeChange({ before: application({ a: 1 }), after: application({ a: 1 }) })).toBeUndefined();
  });

  it('of a deletion names the object only', () => {
    const found = summarizeChange({ before: application({ a: 1 }), after: undefined });
    expect(found).toEqual({
      verb: 'delete',
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      ...metadata,
      fields: [],
    });
  });

  it.each([
    ['a password of a Secret', { kind: 'Secret', data: { password: SECRET, url: SECRET } }],
    ['plain data of a Secret', { kind: 'Secret', stringData: { username: SECRET } }],
    ['its last applied configuration', { kind: 'Secret', data: {}, metadata: { annotations: { 'x/y': SECRET } } }],
    ['data of a ConfigMap', { kind: 'ConfigMap', data: { 'oidc.config': `clientSecret: ${SECRET}` } }],
    ['values of Helm', { spec: { source: { helm: { values: `password: ${SECRET}` } } } }],
    ['values of Helm as an object', { spec: { sources: [{ helm: { valuesObject: { db: { key: SECRET } } } }] } }],
    ['a parameter of Helm', { spec: { source: { helm: { parameters: [{ name: 'x', value: SECRET }] } } } }],
    ['a variable of a plugin', { spec: { source: { plugin: { env: [{ name: 'x', value: SECRET }] } } } }],
    ['a patch of Kustomize', { spec: { source: { kustomize: { patches: [{ patch: SECRET }] } } } }],
    ['a token', { spec: { bearerToken: SECRET } }],
    ['a URL with a password', { spec: { source: { repoURL: `https://me:${SECRET}@git.example.com/a` } } }],
    ['local manifests', { operation: { sync: { manifests: [SECRET] } } }],
    [
      'the last applied configuration',
      { metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': SECRET } } },
    ],
  ])('S21 never shows %s', (_name, fields) => {
    const object = {
      apiVersion: 'v1',
      kind: 'Application',
      ...fields,
      metadata: { ...metadata, ...('metadata' in fields ? fields.metadata : {}) },
    };
    const text = JSON.stringify(summarizeChange({ before: undefined, after: object as KubernetesObject }));
    expect(text).not.toContain(SECRET);
    expect(text).toMatch(/"path":"(spec|data|stringData|operation|metadata)/);
  });

  it('is bounded in fields, texts and depth (S12)', () => {
    const labels = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`l${index}`, 'x'.repeat(10_000)]));
    let deep: object = {};
    for (let depth = 0; depth < 100; depth += 1) deep = { deep };
    const found = summarizeChange({ before: undefined, after: application({ deep }, { labels }) });
    expect(found).toMatchObject({ more: 4_941 });
    expect(JSON.stringify(found).length).toBeLessThan(20_000);
  });
});
