/** What a project's applications are held to: its own rules, inherited ones, and its own clusters. */
import type { AppProject, AppProjectSpec } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { createEffectiveProjects, isDestinationPermitted, isResourcePermitted, type ProjectCluster } from '../index.js';

const project = (name: string, spec: AppProjectSpec, labels: Record<string, string> = {}): AppProject => ({
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name, labels }, spec },
});
const OPEN: AppProjectSpec = {
  sourceRepos: ['*'],
  destinations: [
    { server: '*', namespace: '*' },
    { name: '*', namespace: '*' },
  ],
};

function world(...stored: readonly AppProject[]) {
  const now = {
    projects: new Map(stored.map((one) => [one.metadata.name, one])),
    globalProjects: [{ projectName: 'base', labelSelector: { matchLabels: { tier: 'prod' } } }],
    clusters: [] as readonly ProjectCluster[],
  };
  const projects = createEffectiveProjects({
    get: (name) => now.projects.get(name),
    globalProjects: () => now.globalProjects,
    clusters: () => now.clusters,
  });
  return { now, projects };
}

describe('inherited rules (F08)', () => {
  const base = project('base', { namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] });
  const team = project('team', OPEN, { tier: 'prod' });
  const secret = {
    key: { group: '', kind: 'Secret', namespace: 'web', name: 'x' },
    clusterScoped: false,
    destination: { server: 'https://a', name: 'a', namespace: 'web' },
  };
  const permits = (of: AppProject | undefined) => of !== undefined && isResourcePermitted(of, secret);

  it('hold for who has the label, and follow each change', () => {
    const { now, projects } = world(base, team, project('free', OPEN));
    expect([permits(projects.get('team')), permits(projects.get('free'))]).toEqual([false, true]);
    expect(projects.get('team')).toBe(projects.get('team'));
    now.projects.set('base', project('base', {}));
    expect(permits(projects.get('team'))).toBe(true);
    now.projects.set('base', base);
    expect(permits(projects.get('team'))).toBe(false);
    now.globalProjects = [];
    expect(permits(projects.get('team'))).toBe(true);
  });

  it.each([
    ['itself', 'team', 'team', true],
    ['what it inherits from', 'team', 'base', true],
    ['what others inherit from', 'free', 'base', false],
    ['a project that is not there', 'gone', 'base', false],
  ])('decisions depend on %s', (...[, name, other, expected]) => {
    expect(world(base, team, project('free', OPEN)).projects.dependsOn(name, other)).toBe(expected);
  });
});

describe('permitOnlyProjectScopedClusters (F07)', () => {
  const scoped = project('team', { ...OPEN, permitOnlyProjectScopedClusters: true });
  const own = { server: 'https://own', name: 'own', project: 'team' };
  const at = ({ server, name }: Partial<ProjectCluster>) => ({ server, name, namespace: 'web' });

  it.each([
    ['the own cluster, by server', { server: 'https://own' }, true],
    ['the own cluster, by name', { name: 'own' }, true],
    ['a cluster of another project', { server: 'https://other', name: 'other' }, false],
    ['a cluster of no project', { server: 'https://shared', name: 'shared' }, false],
    ['a cluster that nobody knows', {}, false],
  ])('permits or not: %s', (_, cluster, expected) => {
    const { now, projects } = world(scoped);
    now.clusters = [
      own,
      { server: 'https://other', name: 'other', project: 'other' },
      { server: 'https://shared', name: 'shared' },
    ];
    expect(isDestinationPermitted(projects.of(scoped), at(cluster))).toBe(expected);
  });

  it('does not widen the destinations', () => {
    const narrow = project('team', { destinations: [], permitOnlyProjectScopedClusters: true });
    const { now, projects } = world(narrow);
    now.clusters = [own];
    expect(isDestinationPermitted(projects.of(narrow), at(own))).toBe(false);
  });

  it('permits nothing where nobody looked for the clusters', () => {
    expect(isDestinationPermitted(scoped, at(own))).toBe(false);
  });

  it('follows the clusters', () => {
    const { now, projects } = world(scoped);
    expect(isDestinationPermitted(projects.of(scoped), at(own))).toBe(false);
    now.clusters = [own];
    expect(isDestinationPermitted(projects.of(scoped), at(own))).toBe(true);
  });
});
