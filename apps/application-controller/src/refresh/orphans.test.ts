import type { AppProject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap, stored } from '../testing/builders.js';
import { PERMISSIVE, world } from '../testing/world.js';

const tracked = (name: string, by: string) =>
  stored(configMap(name, { annotations: { 'argocd.argoproj.io/tracking-id': `${by}:/ConfigMap:web/${name}` } }));
const looking = (orphanedResources: NonNullable<AppProject['spec']['orphanedResources']>): AppProject => ({
  ...PERMISSIVE,
  spec: { ...PERMISSIVE.spec, orphanedResources },
});
const live = [tracked('own', 'guestbook'), stored(configMap('left')), stored(configMap('kube-root-ca.crt'))];
const MESSAGE = 'Application has 1 orphaned resources';

describe('orphaned resources of a comparison (C18)', () => {
  it('are in the tree and in a warning', async () => {
    const { refresh, app, views } = world(application(), { git: [configMap('own')], live, project: looking({}) });
    await refresh();
    expect(app()?.status?.conditions).toMatchObject([{ type: 'OrphanedResourceWarning', message: MESSAGE }]);
    expect(views.published.at(-1)?.tree.orphanedNodes).toMatchObject([{ kind: 'ConfigMap', name: 'left' }]);
  });

  it('are warned of although nothing else has changed, and no more when they are gone', async () => {
    const pending = { level: 2, hardness: 0, since: 0, token: 'asked' };
    const { refresh, app, cluster } = world(application(), {
      ...{ git: [configMap('own')], live, project: looking({}), pending },
    });
    await refresh();
    const left = cluster.objects.get('/ConfigMap/web/left');
    cluster.objects.delete('/ConfigMap/web/left');
    await refresh();
    expect(app()?.status?.conditions ?? []).toEqual([]);
    if (left !== undefined) cluster.objects.set('/ConfigMap/web/left', left);
    await refresh();
    expect(app()?.status?.conditions).toMatchObject([{ message: MESSAGE }]);
  });

  it('are in the tree without a warning when the project says so, and nowhere when it does not look', async () => {
    const silent = world(application(), { git: [configMap('own')], live, project: looking({ warn: false }) });
    await silent.refresh();
    expect(silent.app()?.status?.conditions ?? []).toEqual([]);
    expect(silent.views.published.at(-1)?.tree.orphanedNodes).toHaveLength(1);
    const blind = world(application(), { git: [configMap('own')], live });
    await blind.refresh();
    expect(blind.views.published.at(-1)?.tree).not.toHaveProperty('orphanedNodes');
  });
});
