import type { AppProject, ResourceKey } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { findOrphans, type OrphanCandidate, orphanWarning } from './orphans.js';

type Orphaned = NonNullable<AppProject['spec']['orphanedResources']>;

function project(orphanedResources: Orphaned | undefined, spec: object = {}): AppProject {
  return {
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name: 'team' } },
    spec: {
      destinations: [{ server: '*', namespace: '*' }],
      ...spec,
      ...(orphanedResources === undefined ? {} : { orphanedResources }),
    },
  };
}

const key = (kind: string, name: string, group = ''): ResourceKey => ({ group, kind, namespace: 'web', name });
const resource = (of: ResourceKey, parts: Partial<OrphanCandidate> = {}): OrphanCandidate => ({
  ...{ key: of, ownerReferences: [], trackedBy: undefined },
  ...parts,
});
const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'uid' };

describe('orphaned resources (C18)', () => {
  it.each<{ name: string; candidate: OrphanCandidate; orphan: boolean; looksFor?: Orphaned; spec?: object }>([
    { name: 'a resource of nobody', candidate: resource(key('ConfigMap', 'left')), orphan: true },
    {
      name: 'what a controller owns',
      candidate: resource(key('Pod', 'web-1'), { ownerReferences: [OWNER] }),
      orphan: false,
    },
    { name: 'what the application manages', candidate: resource(key('ConfigMap', 'own')), orphan: false },
    {
      name: 'what another application tracks',
      candidate: resource(key('ConfigMap', 'b'), { trackedBy: 'other' }),
      orphan: false,
    },
    {
      name: 'what an application that is gone tracked',
      candidate: resource(key('ConfigMap', 'b'), { trackedBy: 'gone' }),
      orphan: true,
    },
    { name: 'the default ServiceAccount', candidate: resource(key('ServiceAccount', 'default')), orphan: false },
    { name: 'the root certificates', candidate: resource(key('ConfigMap', 'kube-root-ca.crt')), orphan: false },
    {
      name: 'an ignored kind',
      ...{
        candidate: resource(key('ConfigMap', 'left')),
        looksFor: { ignore: [{ kind: 'ConfigMap' }] },
        orphan: false,
      },
    },
    {
      name: 'an ignored name of a group',
      candidate: resource(key('Issuer', 'acme-1', 'cert-manager.io')),
      ...{ looksFor: { ignore: [{ group: '*.io', kind: 'Issuer', name: 'acme-*' }] }, orphan: false },
    },
    {
      name: 'a rule for another group',
      candidate: resource(key('Issuer', 'acme-1', 'cert-manager.io')),
      ...{ looksFor: { ignore: [{ kind: 'Issuer' }] }, orphan: true },
    },
    {
      name: 'a kind that the project does not permit',
      candidate: resource(key('ConfigMap', 'left')),
      ...{ spec: { namespaceResourceBlacklist: [{ group: '', kind: 'ConfigMap' }] }, orphan: false },
    },
  ])('$name: $orphan', ({ candidate, orphan, looksFor = {}, spec = {} }) => {
    const found = findOrphans({
      ...{ project: project(looksFor, spec), resources: [candidate], managed: [key('ConfigMap', 'own')] },
      destination: { server: 'https://cluster.test', name: 'test' },
      isApplication: (instance) => instance === 'other',
    });
    expect(found).toEqual(orphan ? [candidate] : []);
  });

  it('are not looked for unless the project asks', () => {
    const question = { resources: [resource(key('ConfigMap', 'left'))], managed: [], isApplication: () => false };
    const destination = { server: '', name: '' };
    expect(findOrphans({ ...question, project: project(undefined), destination })).toBeUndefined();
  });

  it('are warned of, unless the project says otherwise', () => {
    const message = 'Application has 2 orphaned resources';
    expect(orphanWarning(project({}), 2)).toEqual({ type: 'OrphanedResourceWarning', message });
    expect(orphanWarning(project({ warn: false }), 2)).toBeUndefined();
    expect(orphanWarning(project({}), 0)).toBeUndefined();
  });
});
