import type { KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { type CascadeInput, cascadeModeOf, planCascadeDeletion } from './plan-deletion.js';
import { configMap, deployment, namespaceObject, service, widgetDefinition } from './sync-run.test-support.js';

const leaving = (object: KubernetesObject): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
});

function step(live: readonly KubernetesObject[], change: Partial<CascadeInput> = {}): string {
  const result = planCascadeDeletion({
    instanceName: 'app',
    live,
    mode: 'foreground',
    syncOptions: [],
    deletionApprovedAt: undefined,
    deletionRequestedAt: '2026-01-01T12:00:00Z',
    self: { namespace: 'argocd', name: 'app' },
    ...change,
  });
  const objects = result.kind === 'complete' ? result.kept : result.objects;
  return `${result.kind} ${objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).join(', ')}`.trim();
}

const self: KubernetesObject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'app', namespace: 'argocd' },
};

const child: KubernetesObject = { ...self, metadata: { name: 'child', namespace: 'argocd' } };
const project: KubernetesObject = { ...self, kind: 'AppProject', metadata: { name: 'team', namespace: 'argocd' } };

const rows: readonly {
  name: string;
  live: readonly KubernetesObject[];
  change?: Partial<CascadeInput>;
  does: string;
}[] = [
  { name: 'nothing left: the finalizer can go', live: [], does: 'complete' },
  {
    name: 'one wave goes at once, in reverse kind order (D51)',
    live: [configMap('c'), deployment('d'), service('s')],
    does: 'delete Deployment/d, Service/s, ConfigMap/c',
  },
  {
    name: 'the last wave goes first (D51)',
    live: [configMap('first', { wave: -1 }), configMap('last', { wave: 5 }), configMap('middle')],
    does: 'delete ConfigMap/last',
  },
  {
    name: 'the next wave waits until the last is gone',
    live: [configMap('first'), leaving(configMap('last', { wave: 5 }))],
    does: 'wait ConfigMap/last',
  },
  {
    name: 'what is on its way out is not deleted again',
    live: [configMap('a'), leaving(configMap('b'))],
    does: 'delete ConfigMap/a',
  },
  {
    name: 'a namespace waits for the rest of its wave',
    live: [namespaceObject('ns'), configMap('a')],
    does: 'delete ConfigMap/a',
  },
  { name: 'then the namespace goes', live: [namespaceObject('ns')], does: 'delete Namespace/ns' },
  {
    name: 'a project waits for the Applications of its wave: without it they could not be deleted',
    live: [project, child, namespaceObject('ns')],
    does: 'delete Application/child',
  },
  {
    name: 'then the project goes, before the namespace',
    live: [project, namespaceObject('ns')],
    does: 'delete AppProject/team',
  },
  {
    name: 'CRDs and the application itself stay (D51)',
    live: [widgetDefinition('widgets.example.com'), self],
    does: 'complete CustomResourceDefinition/widgets.example.com, Application/app',
  },
  {
    name: 'Delete=false stays (D20)',
    live: [configMap('keep', { options: 'Delete=false' }), configMap('go')],
    does: 'delete ConfigMap/go',
  },
  {
    name: 'helm.sh/resource-policy: keep stays (B13)',
    live: [configMap('keep', { annotations: { 'helm.sh/resource-policy': 'keep' } })],
    does: 'complete ConfigMap/keep',
  },
  {
    name: 'an object that another application tracks stays (R13)',
    live: [configMap('theirs', { trackedBy: 'other' })],
    does: 'complete ConfigMap/theirs',
  },
  {
    name: 'what the project does not permit stays (D51)',
    live: [configMap('a')],
    change: { isPermitted: () => false },
    does: 'complete ConfigMap/a',
  },
  {
    name: 'Delete=confirm holds everything until it is approved (D20)',
    live: [configMap('a', { options: 'Delete=confirm' }), configMap('b', { wave: 3 })],
    does: 'wait ConfigMap/a',
  },
  {
    name: 'an approval after the request lets it go (D20)',
    live: [configMap('a', { options: 'Delete=confirm' })],
    change: { deletionApprovedAt: '2026-01-01T12:00:00Z' },
    does: 'delete ConfigMap/a',
  },
];

describe('a cascading deletion', () => {
  it.each(rows)('$name', ({ live, change, does }) => {
    expect(step(live, change)).toBe(does);
  });

  it.each([
    [undefined, undefined],
    [['other'], undefined],
    [['resources-finalizer.argocd.argoproj.io'], 'foreground'],
    [['resources-finalizer.argocd.argoproj.io/foreground'], 'foreground'],
    [['resources-finalizer.argocd.argoproj.io/background'], 'background'],
  ])('finalizers %j cascade %s (A22)', (finalizers, mode) => {
    expect(cascadeModeOf(finalizers)).toBe(mode);
  });
});
