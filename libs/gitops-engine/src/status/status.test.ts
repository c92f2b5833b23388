import type { Application, ApplicationSource, ApplicationStatus } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import type { ComparisonResult } from '../compare/types.js';
import { configMap, deployment, job, managed, synced } from '../sync/sync-run.test-support.js';
import { type BuildStatusInput, buildStatus } from './build-status.js';
import { mergeConditions } from './conditions.js';
import { appendHistory } from './history.js';
import { statusPatch } from './status-patch.js';

const source: ApplicationSource = { repoURL: 'https://git.example.com/shop', path: 'web' };
const destination = { server: 'https://c', namespace: 'ns' };
const FIRST = '2026-01-01T00:00:00Z';
const LATER = '2026-01-02T00:00:00Z';

const comparison: ComparisonResult = {
  syncStatus: 'OutOfSync',
  health: { status: 'Healthy' },
  resources: [
    {
      ...managed(configMap('old'), synced(configMap('old'))),
      target: undefined,
      requiresPruning: true,
      status: 'OutOfSync',
    },
    managed(job('hook', { hook: 'PreSync', wave: 2 }), undefined),
    { ...managed(deployment('web'), synced(deployment('web'))), health: { status: 'Healthy', message: 'fine' } },
  ],
  unsure: [],
  conditions: [],
};

function input(change: Partial<BuildStatusInput> & { readonly status?: ApplicationStatus } = {}): BuildStatusInput {
  const { status, ...rest } = change;
  const app: Application = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web' },
    spec: { project: 'default', source, destination },
    ...(status === undefined ? {} : { status }),
  };
  return { app, comparison, revisions: ['rev1'], sourceTypes: ['Directory'], now: FIRST, ...rest };
}

describe('the status after a comparison', () => {
  it('is bounded and says what Argo CD would', () => {
    expect(buildStatus(input())).toEqual({
      resources: [
        { version: 'v1', kind: 'ConfigMap', namespace: 'ns', name: 'old', status: 'OutOfSync', requiresPruning: true },
        { group: 'batch', version: 'v1', kind: 'Job', namespace: 'ns', name: 'hook', hook: true, syncWave: 2 },
        { group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'ns', name: 'web', status: 'Synced' },
      ],
      sync: { status: 'OutOfSync', comparedTo: { source, destination }, revision: 'rev1' },
      health: { status: 'Healthy', lastTransitionTime: FIRST },
      sourceType: 'Directory',
      summary: {},
      resourceHealthSource: 'appTree',
      reconciledAt: FIRST,
    });
  });

  it('says so when it cannot hold all resources (R14)', () => {
    const many = Array.from({ length: 6_000 }, (_, index) => {
      const object = configMap(`settings-of-some-service-${index}`);
      return managed(object, synced(object));
    });
    const status = buildStatus(input({ comparison: { ...comparison, resources: many } }));
    expect(status.resources?.length).toBeLessThan(6_000);
    expect(status.conditions).toMatchObject([
      { type: 'ShortenedStatusWarning', message: expect.stringMatching(/holds a part of the 6000 resources/) },
    ]);
    expect(buildStatus(input({ status })).conditions).toBeUndefined();
  });

  it('is the very same when nothing changed, whatever the time (design 4.4)', () => {
    const before = buildStatus(input());
    expect(buildStatus(input({ status: before, now: LATER }))).toBe(before);
  });

  it('moves reconciledAt only together with something else', () => {
    const before = buildStatus(input());
    const after = buildStatus(input({ status: before, now: LATER, revisions: ['rev2'] }));
    expect(after.reconciledAt).toBe(LATER);
    expect(after.health).toEqual(before.health);
    expect(statusPatch(before, after)).toEqual({ sync: { revision: 'rev2' }, reconciledAt: LATER });
  });

  it('gives a new health a new transition time', () => {
    const before = buildStatus(input());
    const degraded = { ...comparison, health: { status: 'Degraded' } as const };
    const after = buildStatus(input({ status: before, now: LATER, comparison: degraded }));
    expect(after.health).toEqual({ status: 'Degraded', lastTransitionTime: LATER });
  });

  it('keeps history and operation state', () => {
    const operationState = { operation: {}, phase: 'Succeeded', startedAt: FIRST } as const;
    const history = [{ id: 3, deployedAt: FIRST }];
    expect(buildStatus(input({ status: { history, operationState } }))).toMatchObject({ history, operationState });
  });

  it('holds the health of resources when asked to (E10)', () => {
    const status = buildStatus(input({ persistResourceHealth: true }));
    expect(status.resources?.[2]?.health).toEqual({ status: 'Healthy', message: 'fine' });
    expect(status.resourceHealthSource).toBeUndefined();
  });

  it('uses the plural fields for several sources', () => {
    const base = input({ revisions: ['a', 'b'], sourceTypes: ['Directory', 'Helm'] });
    const app = { ...base.app, spec: { project: 'default', sources: [source, source], destination } };
    expect(buildStatus({ ...base, app })).toMatchObject({
      sync: { comparedTo: { sources: [source, source] }, revisions: ['a', 'b'] },
      sourceTypes: ['Directory', 'Helm'],
    });
  });

  it('sorts images and URLs, each once', () => {
    const summary = { images: ['b:1', 'a:1', 'b:1'], externalURLs: ['https://b', 'https://a'] };
    expect(buildStatus(input({ summary })).summary).toEqual({
      images: ['a:1', 'b:1'],
      externalURLs: ['https://a', 'https://b'],
    });
  });

  it('drops conditions that no longer hold and keeps the time of those that do', () => {
    const known = { type: 'ComparisonError', message: 'broken', lastTransitionTime: FIRST } as const;
    const status = { conditions: [known, { type: 'SyncError', message: 'gone', lastTransitionTime: FIRST } as const] };
    const broken = { ...comparison, conditions: [{ type: 'ComparisonError', message: 'broken' } as const] };
    expect(buildStatus(input({ status, comparison: broken, now: LATER })).conditions).toEqual([known]);
  });
});

describe('conditions', () => {
  it('of types that were not evaluated stay', () => {
    const previous = [{ type: 'DeletionError', message: 'x', lastTransitionTime: FIRST } as const];
    const conditions = [{ type: 'SyncError', message: 'y' } as const];
    expect(mergeConditions(previous, { conditions, evaluated: ['SyncError'], now: LATER })).toEqual([
      ...previous,
      { type: 'SyncError', message: 'y', lastTransitionTime: LATER },
    ]);
  });
});

describe('history (D44)', () => {
  const entry = { revision: 'r', deployedAt: FIRST };

  it('grows with ids that are never used again, up to the limit', () => {
    const history = [1, 2, 3, 4].reduce<ApplicationStatus>((status) => appendHistory(status, entry, 3), {}).history;
    expect(history?.map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it.each([
    { name: 'entries with little in them are all kept', size: 100, kept: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
    { name: 'of entries with large values the newest that fit', size: 30_000, kept: [6, 7, 8, 9] },
    {
      name: 'of entries that do not fit the last two, so that there is one to go back to',
      size: 200_000,
      kept: [8, 9],
    },
  ])('stays small enough for the object: $name (R14)', ({ size, kept }) => {
    const source = { repoURL: 'https://git.test/a', helm: { values: 'x'.repeat(size) } };
    const deploy = (status: ApplicationStatus) => appendHistory(status, { ...entry, source });
    const { history } = Array.from({ length: 10 }).reduce<ApplicationStatus>(deploy, {});
    expect(history?.map(({ id }) => id)).toEqual(kept);
  });

  it('is off with a limit of 0 (A15)', () => {
    expect(appendHistory({}, entry, 0).history).toEqual([]);
  });
});

describe('the patch between two statuses', () => {
  const base: ApplicationStatus = {
    health: { status: 'Healthy', message: 'x' },
    resources: [{ name: 'a' }, { name: 'b' }],
    sourceType: 'Helm',
  };

  it.each([
    { name: 'nothing for equal statuses', after: { ...base }, patch: undefined },
    {
      name: 'only what differs',
      after: { ...base, health: { status: 'Degraded', message: 'x' } },
      patch: { health: { status: 'Degraded' } },
    },
    {
      name: 'null for what is gone',
      after: { ...base, health: { status: 'Healthy' } },
      patch: { health: { message: null } },
    },
    { name: 'arrays whole', after: { ...base, resources: [{ name: 'a' }] }, patch: { resources: [{ name: 'a' }] } },
    { name: 'new fields whole', after: { ...base, summary: { images: ['a'] } }, patch: { summary: { images: ['a'] } } },
  ] satisfies { name: string; after: ApplicationStatus; patch: unknown }[])('has $name', ({ after, patch }) => {
    expect(statusPatch(base, after)).toEqual(patch);
  });

  it('applied to the old status gives the new one (RFC 7386)', () => {
    const after: ApplicationStatus = { health: { status: 'Missing' }, resources: [], summary: { isAppOfApps: true } };
    expect(applied(base, statusPatch(base, after))).toEqual(after);
    expect(applied({}, statusPatch(undefined, after))).toEqual(after);
  });
});

/** The algorithm of RFC 7386, section 2. */
function applied(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
  const result: Record<string, unknown> = isObject ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = applied(result[key], value);
  }
  return result;
}
