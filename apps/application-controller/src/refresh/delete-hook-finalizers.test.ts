import { ANNOTATIONS, FINALIZERS, type KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { application, configMap, managedResource } from '../testing/builders.js';
import { KEY, world } from '../testing/world.js';
import { finalizersFor } from './delete-hook-finalizers.js';

const hook = (type: string): KubernetesObject => configMap('hook', { annotations: { [ANNOTATIONS.hook]: type } });
const { preDelete, preDeleteCleanup, postDelete, postDeleteCleanup, resources } = FINALIZERS;

interface Row {
  readonly name: string;
  readonly before: readonly string[];
  readonly git: readonly KubernetesObject[];
  readonly after: readonly string[] | undefined;
}

describe('the finalizers of delete hooks (A23)', () => {
  it.each<Row>([
    { name: 'no hooks, no finalizers: nothing changes', before: [resources], git: [configMap('a')], after: undefined },
    {
      name: 'a PreDelete hook brings its two',
      ...{ before: [resources], git: [hook('PreDelete')], after: [resources, preDelete, preDeleteCleanup] },
    },
    {
      name: 'a PostDelete hook beside another type brings its two',
      ...{ before: [], git: [hook('PostSync,PostDelete')], after: [postDelete, postDeleteCleanup] },
    },
    {
      name: 'what is there already is not written again',
      ...{ before: [preDelete, preDeleteCleanup], git: [hook('PreDelete')], after: undefined },
    },
    {
      name: 'they leave with the hook, and nobody else has to',
      ...{ before: ['other', postDelete, resources, postDeleteCleanup], git: [], after: ['other', resources] },
    },
  ])('$name', ({ before, git, after }) => {
    const app = application({ metadata: { finalizers: [...before] } });
    const compared = git.map((object) => managedResource(object));
    expect(finalizersFor(app, { resources: compared, conditions: [] })).toEqual(after);
  });

  it('stay as they are while Git cannot be read completely (design 9)', () => {
    const app = application({ metadata: { finalizers: [preDelete] } });
    const conditions = [{ type: 'ComparisonError', message: 'a.yaml: not YAML' }] as const;
    expect(finalizersFor(app, { resources: [], conditions })).toBeUndefined();
  });

  it('are written by the comparison', async () => {
    const helm = configMap('hook', { annotations: { [ANNOTATIONS.helmHook]: 'pre-delete,post-delete' } });
    const { refresh, applications } = world(application(), { git: [helm] });
    await refresh();
    expect(applications.get(KEY)?.metadata.finalizers).toEqual([
      ...[preDelete, preDeleteCleanup],
      ...[postDelete, postDeleteCleanup],
    ]);
    const written = applications.patches.length;
    await refresh();
    expect(applications.patches).toHaveLength(written);
  });
});
