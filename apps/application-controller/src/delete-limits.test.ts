import type { Operation, OperationState } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { assertWithinCascadeLimit, assertWithinPruneLimit, type LimitDeps } from './delete-limits.js';
import { application, configMap, managedResource, NOW, operationState, SETTINGS, stored } from './testing/builders.js';
import { PERMISSIVE } from './testing/world.js';

const LATER = '2026-01-01T00:00:01Z';
const objects = Array.from({ length: 20 }, (_, index) => stored(configMap(`c${index}`)));

interface Limits {
  readonly project?: Readonly<Record<string, string>>;
  readonly cascade?: string;
}

function deps({ project = {}, cascade }: Limits): LimitDeps {
  return {
    projects: { get: () => ({ ...PERMISSIVE, metadata: { name: 'default', annotations: { ...project } } }) },
    settings: () => ({ ...SETTINGS, deleteLimits: { prune: undefined, cascade } }),
  };
}

describe('deleting an application with 20 resources (design 9)', () => {
  it.each<Limits & { name: string; annotations?: Record<string, string>; held?: string }>([
    { name: 'is not held, for nobody has set a limit' },
    { name: 'is held by the limit of its installation', cascade: '10', held: '20 objects' },
    { name: 'is held by the limit of its project', project: { 'tiphys.dev/cascade-limit': '10' }, held: '20 objects' },
    {
      name: 'goes on by its own limit, which comes before that of the project',
      ...{ project: { 'tiphys.dev/cascade-limit': '10' }, annotations: { 'tiphys.dev/cascade-limit': '20' } },
    },
    {
      name: 'goes on after an approval that was given after the deletion was asked for',
      ...{ cascade: '10', annotations: { 'argocd.argoproj.io/deletion-approved': LATER } },
    },
    {
      name: 'goes on after an approval in the same second',
      ...{ cascade: '10', annotations: { 'argocd.argoproj.io/deletion-approved': NOW } },
    },
    {
      name: 'is held despite an approval of something earlier',
      ...{ cascade: '10', annotations: { 'argocd.argoproj.io/deletion-approved': '2025-12-31T00:00:00Z' } },
      held: 'deletion-approved',
    },
    { name: 'is not held by the limit of prunes', project: { 'tiphys.dev/prune-limit': '0' } },
  ])('$name', ({ annotations = {}, held, ...limits }) => {
    const app = application({ metadata: { deletionTimestamp: NOW, annotations } });
    const check = () => assertWithinCascadeLimit(deps(limits), app, objects);
    if (held === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(held);
  });
});

describe('an operation that would prune 20 of 20 objects', () => {
  const resources = objects.map((live) => managedResource(live, { target: undefined, live, requiresPruning: true }));
  const automated: Operation = { sync: { prune: true }, initiatedBy: { automated: true } };
  it.each<{ name: string; operation: Operation; approved?: string; deployedAt?: string; held: boolean }>([
    { name: 'is held when it is automated, whatever commit it came to deploy', operation: automated, held: true },
    { name: 'runs when a person has started it', operation: { sync: { prune: true } }, held: false },
    { name: 'runs when it prunes nothing', operation: { ...automated, sync: {} }, held: false },
    { name: 'runs as a dry run', operation: { ...automated, sync: { prune: true, dryRun: true } }, held: false },
    { name: 'runs when it was approved', operation: automated, approved: LATER, deployedAt: NOW, held: false },
    {
      name: 'is held when an earlier one was approved',
      operation: automated,
      approved: NOW,
      deployedAt: LATER,
      held: true,
    },
  ])('$name', ({ operation, approved, deployedAt, held }) => {
    const state: OperationState = operationState({ operation });
    const annotations = approved === undefined ? {} : { 'argocd.argoproj.io/deletion-approved': approved };
    const history = deployedAt === undefined ? [] : [{ id: 0, deployedAt }];
    const app = application({ metadata: { annotations }, status: { history } });
    const check = () => assertWithinPruneLimit(deps({}), { app, state, resources });
    if (held) expect(check).toThrow(/20 of 20 live objects/);
    else expect(check).not.toThrow();
  });
});
