import type { KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import {
  instanceNameOf,
  isSelfReferencing,
  isTrackedBy,
  parseTrackingId,
  type TrackingSettings,
  trackingIdFor,
  withTracking,
} from './tracking.js';

const ID = 'argocd.argoproj.io/tracking-id';
const INSTALLATION = 'argocd.argoproj.io/installation-id';
const LABEL = 'app.kubernetes.io/instance';
const settings = (more: Partial<TrackingSettings> = {}): TrackingSettings => ({
  trackingMethod: 'annotation',
  instanceLabelKey: LABEL,
  installationId: undefined,
  ...more,
});
const instance = { name: 'app', destinationNamespace: 'prod' };
const object = (kind: string, metadata: KubernetesObject['metadata']): KubernetesObject => {
  const [apiVersion = '', name = ''] = kind.split(' ');
  return { apiVersion, kind: name, metadata };
};
const tracked = (kind: string, id: string, metadata: KubernetesObject['metadata']) =>
  object(kind, { ...metadata, annotations: { [ID]: id } });

describe('tracking ids (A27)', () => {
  it.each([
    [
      'a namespaced object',
      object('apps/v1 Deployment', { name: 'web', namespace: 'ns' }),
      'app:apps/Deployment:ns/web',
    ],
    ['an object without a namespace', object('v1 ConfigMap', { name: 'c' }), 'app:/ConfigMap:prod/c'],
    ['a cluster-scoped object', object('v1 Namespace', { name: 'n' }), 'app:/Namespace:prod/n'],
    [
      'a name with a colon',
      object('rbac.authorization.k8s.io/v1 ClusterRole', { name: 'system:x' }),
      'app:rbac.authorization.k8s.io/ClusterRole:prod/system:x',
    ],
  ])('of %s is the one that Argo CD writes, and is read back', (_, one, id) => {
    expect(trackingIdFor(one, instance)).toBe(id);
    expect(parseTrackingId(id)).toMatchObject({ instanceName: 'app', kind: one.kind, name: one.metadata.name });
  });

  it.each(['', 'app', 'app:Deployment:ns/web', 'app:apps/Deployment:web', 'a:b/c/d:e/f', 'app:apps/Deployment:ns/a/b'])(
    'reads %j as no id',
    (text) => {
      expect(parseTrackingId(text)).toBeUndefined();
    },
  );
});

describe('marks written on a target (A26, A28)', () => {
  const target = object('v1 ConfigMap', { name: 'c', namespace: 'ns', labels: { a: 'b' } });
  it.each([
    ['annotation', settings(), { labels: { a: 'b' }, annotations: { [ID]: 'app:/ConfigMap:ns/c' } }],
    ['label', settings({ trackingMethod: 'label' }), { labels: { a: 'b', [LABEL]: 'app' } }],
    [
      'annotation+label',
      settings({ trackingMethod: 'annotation+label' }),
      { labels: { a: 'b', [LABEL]: 'app' }, annotations: { [ID]: 'app:/ConfigMap:ns/c' } },
    ],
    [
      'annotation with an installation id',
      settings({ installationId: 'one' }),
      { labels: { a: 'b' }, annotations: { [ID]: 'app:/ConfigMap:ns/c', [INSTALLATION]: 'one' } },
    ],
  ])('by %s', (_, given, metadata) => {
    expect(withTracking(target, instance, given).metadata).toEqual({ name: 'c', namespace: 'ns', ...metadata });
    expect(target.metadata.annotations).toBeUndefined();
  });

  it('cuts a label at 63 characters where the annotation holds the whole name', () => {
    const long = { name: 'x'.repeat(80), destinationNamespace: 'prod' };
    const both = withTracking(target, long, settings({ trackingMethod: 'annotation+label' }));
    expect(both.metadata.labels?.[LABEL]).toHaveLength(63);
    expect(instanceNameOf(both, settings())).toBe(long.name);
  });
});

describe('whose object it is', () => {
  it.each([
    ['its own id', tracked('v1 ConfigMap', 'app:/ConfigMap:ns/c', { name: 'c', namespace: 'ns' }), true],
    [
      'an id copied from another object',
      tracked('v1 Endpoints', 'app:/Service:ns/c', { name: 'c', namespace: 'ns' }),
      false,
    ],
    [
      'an id copied to another name',
      tracked('v1 ConfigMap', 'app:/ConfigMap:ns/c', { name: 'd', namespace: 'ns' }),
      false,
    ],
    [
      'an id copied to another namespace',
      tracked('v1 ConfigMap', 'app:/ConfigMap:ns/c', { name: 'c', namespace: 'x' }),
      false,
    ],
    [
      'a cluster-scoped object with the destination namespace',
      tracked('v1 Namespace', 'app:/Namespace:ns/n', { name: 'n' }),
      true,
    ],
    [
      'an id of another application',
      tracked('v1 ConfigMap', 'app2:/ConfigMap:ns/c', { name: 'c', namespace: 'ns' }),
      false,
    ],
    ['no id', object('v1 ConfigMap', { name: 'c', namespace: 'ns' }), false],
    ['an id that cannot be read', tracked('v1 ConfigMap', 'app', { name: 'c', namespace: 'ns' }), false],
  ])('with %s: tracked by the application is %s', (_, live, expected) => {
    expect(isTrackedBy(live, 'app', settings())).toBe(expected);
  });

  it('with the id of another installation it is not ours (A28)', () => {
    const live = tracked('v1 ConfigMap', 'app:/ConfigMap:ns/c', { name: 'c', namespace: 'ns' });
    expect(isTrackedBy(live, 'app', settings({ installationId: 'one' }))).toBe(false);
    expect(
      isTrackedBy(
        withTracking(live, instance, settings({ installationId: 'one' })),
        'app',
        settings({ installationId: 'one' }),
      ),
    ).toBe(true);
  });

  it('keeps an object whose id has an older group when the target is the same object', () => {
    const metadata = { name: 'i', namespace: 'ns' };
    const live = tracked('networking.k8s.io/v1 Ingress', 'app:extensions/Ingress:ns/i', metadata);
    expect(isSelfReferencing(live, object('networking.k8s.io/v1 Ingress', metadata), settings())).toBe(true);
    expect(isSelfReferencing(live, undefined, settings())).toBe(false);
  });

  it('by label needs the label only', () => {
    const live = object('v1 ConfigMap', { name: 'c', labels: { [LABEL]: 'app' } });
    expect(isTrackedBy(live, 'app', settings({ trackingMethod: 'label' }))).toBe(true);
    expect(isTrackedBy(live, 'app', settings())).toBe(false);
  });
});
