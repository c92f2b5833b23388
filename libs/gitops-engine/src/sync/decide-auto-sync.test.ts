import type { Application, ApplicationSource, KubernetesObject, OperationState, SyncPolicy } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import type { ManagedResource } from '../compare/types.js';
import { type AutoSyncInput, decideAutoSync } from './decide-auto-sync.js';
import { selfHealDelayMs } from './self-heal-backoff.js';
import { configMap, job, managed, synced } from './sync-run.test-support.js';

const source: ApplicationSource = { repoURL: 'https://git.example.com/shop', path: 'web', targetRevision: 'main' };
const NOW = new Date('2026-01-01T12:00:00Z');

interface Setup {
  readonly automated?: SyncPolicy['automated'];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly resources?: readonly ManagedResource[];
  readonly state?: Partial<OperationState> & {
    readonly revision?: string;
    readonly heals?: number;
    readonly ago?: number;
  };
  readonly app?: Partial<Application>;
  readonly input?: Partial<AutoSyncInput>;
}

const changed = managed(configMap('a', { value: 'v2' }), configMap('a'));
const equal = managed(configMap('b'), synced(configMap('b')));
const extra = (name: string, options = {}) => managed(undefined, configMap(name, options));
const many = (count: number, make: (name: string) => ManagedResource) =>
  Array.from({ length: count }, (_, index) => make(`x${index}`));

function childApplication(count: number, finalizers: readonly string[]): KubernetesObject {
  const resources = Array.from({ length: count }, (_, index) => ({ kind: 'ConfigMap', name: `c${index}` }));
  return {
    ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', status: { resources } },
    metadata: { name: 'child', namespace: 'argocd', finalizers: [...finalizers] },
  };
}

function input({ automated = { prune: true, selfHeal: true }, ...setup }: Setup): AutoSyncInput {
  const resources = setup.resources ?? [changed, equal];
  const isOutOfSync = resources.some(({ status }) => status === 'OutOfSync');
  const { annotations } = setup;
  return {
    app: {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'web', ...(annotations === undefined ? {} : { annotations }) },
      spec: { project: 'default', source, destination: {}, syncPolicy: { automated } },
      ...(setup.state === undefined ? {} : { status: { operationState: operationState(setup.state) } }),
      ...setup.app,
    },
    comparison: { syncStatus: isOutOfSync ? 'OutOfSync' : 'Synced', resources, conditions: [] },
    revisions: ['rev1'],
    now: NOW,
    ...setup.input,
  };
}

function operationState({ revision = 'rev1', heals, ago = 0, ...state }: NonNullable<Setup['state']>): OperationState {
  const finishedAt = new Date(NOW.getTime() - ago).toISOString();
  return {
    operation: { sync: heals === undefined ? {} : { autoHealAttemptsCount: heals } },
    phase: 'Succeeded',
    startedAt: finishedAt,
    finishedAt,
    syncResult: { revision, source },
    ...state,
  };
}

/** `skip: reason`, `start: reason`, `wait: ms`. */
function decide(setup: Setup): string {
  const decision = decideAutoSync(input(setup));
  if (decision.kind === 'retryAfter') return `wait: ${decision.ms}`;
  return `${decision.kind}: ${decision.reason}`;
}

const rows: readonly (Setup & { readonly name: string; readonly decides: string })[] = [
  { name: 'a new revision starts', decides: 'start: new revision' },
  {
    name: 'without automated nothing starts',
    app: { spec: { project: 'p', source, destination: {} } },
    decides: 'skip: automated sync is off',
  },
  {
    name: 'enabled: false keeps the settings but starts nothing (A10)',
    automated: { enabled: false },
    decides: 'skip: automated sync is off',
  },
  { name: 'a Synced application is left alone', resources: [equal], decides: 'skip: application is not out of sync' },
  {
    name: 'an operation that waits comes first',
    app: { operation: { sync: {} } },
    decides: 'skip: another operation is in progress',
  },
  {
    name: 'an operation that runs comes first',
    state: { phase: 'Running' },
    decides: 'skip: another operation is in progress',
  },
  {
    name: 'an application that is being deleted starts nothing',
    app: { metadata: { name: 'web', deletionTimestamp: '2026-01-01T00:00:00Z' } },
    decides: 'skip: application is being deleted',
  },
  {
    name: 'a failed comparison starts nothing (R8)',
    input: {
      comparison: {
        syncStatus: 'OutOfSync',
        resources: [changed],
        conditions: [{ type: 'ComparisonError', message: 'x' }],
      },
    },
    decides: 'skip: comparison failed',
  },
  {
    name: 'outside its sync windows nothing starts (D48)',
    input: { window: { allowed: false, reason: 'night' } },
    decides: 'skip: sync window',
  },
  {
    name: 'the same revision is not synced twice without self-heal (D34)',
    automated: {},
    state: {},
    decides: 'skip: revision was synced already and self-heal is off',
  },
  { name: 'another revision is synced', automated: {}, state: { revision: 'rev0' }, decides: 'start: new revision' },
  {
    name: 'another source at the same revision is synced (D34)',
    automated: {},
    state: { syncResult: { revision: 'rev1', source: { ...source, path: 'old' } } },
    decides: 'start: new revision',
  },
  {
    name: 'a dry run does not count as an attempt',
    automated: {},
    state: { operation: { sync: { dryRun: true } } },
    decides: 'start: new revision',
  },
  {
    name: 'a revision that failed is not tried again (D34)',
    state: { phase: 'Failed', message: 'no' },
    decides: 'skip: last attempt to this revision failed',
  },
  { name: 'the first heal is immediate (D38)', state: {}, decides: 'start: self-heal' },
  { name: 'the second heal in a row waits 2 s (D38)', state: { heals: 1, ago: 500 }, decides: 'wait: 1500' },
  {
    name: 'the second heal starts when it has waited (D38)',
    state: { heals: 1, ago: 2_000 },
    decides: 'start: self-heal',
  },
  { name: 'the third waits 6 s (D38)', state: { heals: 2, ago: 0 }, decides: 'wait: 6000' },
  { name: 'the wait is capped at 300 s (D38)', state: { heals: 20, ago: 1_000 }, decides: 'wait: 299000' },
  { name: 'a quiet time ends the row of heals', state: { heals: 20, ago: 300_000 }, decides: 'start: self-heal' },
  {
    name: 'the revision that a rollback left is held (design 9)',
    annotations: { 'tiphys.dev/rollback-hold': 'rev1' },
    state: { revision: 'rev0' },
    decides: 'skip: rollback hold',
  },
  {
    name: 'the next revision after a rollback starts by itself (design 9)',
    annotations: { 'tiphys.dev/rollback-hold': 'rev0' },
    decides: 'start: new revision',
  },
  {
    name: 'only prunes while prune is off: nothing starts (D36)',
    automated: {},
    resources: [equal, extra('old')],
    decides: 'skip: only prunes are needed and automated prune is off',
  },
  {
    name: 'prunes and a change while prune is off: starts',
    automated: {},
    resources: [changed, extra('old')],
    decides: 'start: new revision',
  },
  {
    name: 'only objects that must stay: nothing to do',
    resources: [equal, extra('old', { options: 'Prune=false' })],
    decides: 'skip: nothing to apply',
  },
  {
    name: 'everything would be deleted: stops (D36)',
    resources: [extra('a'), extra('b')],
    decides: 'skip: everything would be deleted',
  },
  {
    name: 'allowEmpty lets it (D36)',
    automated: { prune: true, allowEmpty: true },
    resources: [extra('a')],
    decides: 'start: new revision',
  },
  {
    name: 'a hook alone does not keep an application from being empty',
    resources: [extra('a'), managed(job('h', { hook: 'Sync' }), undefined)],
    decides: 'skip: everything would be deleted',
  },
  {
    name: '10 of 11 prunes stay below the count of the guard',
    resources: [equal, ...many(10, extra)],
    decides: 'start: new revision',
  },
  {
    name: '11 of 12 prunes wait for a confirmation (design 9)',
    resources: [equal, ...many(11, extra)],
    decides: 'skip: prune limit exceeded',
  },
  {
    name: 'half of the objects is within the guard',
    resources: [
      ...many(11, (name) => managed(configMap(`k${name}`), synced(configMap(`k${name}`)))),
      ...many(11, extra),
    ],
    decides: 'start: new revision',
  },
  {
    name: 'the limit can be a number',
    annotations: { 'tiphys.dev/prune-limit': '1' },
    resources: [equal, extra('a'), extra('b')],
    decides: 'skip: prune limit exceeded',
  },
  {
    name: 'the limit can be a share',
    annotations: { 'tiphys.dev/prune-limit': '100%' },
    resources: [equal, ...many(20, extra)],
    decides: 'start: new revision',
  },
  {
    name: 'both a share and a number: only what is over both is held',
    annotations: { 'tiphys.dev/prune-limit': '10%, 3' },
    resources: [equal, ...many(3, extra)],
    decides: 'start: new revision',
  },
  {
    name: 'a share and a number that are both exceeded',
    annotations: { 'tiphys.dev/prune-limit': '10%, 3' },
    resources: [equal, ...many(4, extra)],
    decides: 'skip: prune limit exceeded',
  },
  {
    name: 'the limit 0 holds every prune',
    annotations: { 'tiphys.dev/prune-limit': '0' },
    resources: [...many(50, (name) => managed(configMap(`k${name}`), synced(configMap(`k${name}`)))), extra('a')],
    decides: 'skip: prune limit exceeded',
  },
  {
    name: 'the limit of the project counts where the application has none',
    input: { pruneLimits: { project: '1', installation: '100%' } },
    resources: [equal, extra('a'), extra('b')],
    decides: 'skip: prune limit exceeded',
  },
  {
    name: 'the limit of the installation counts where neither has one',
    input: { pruneLimits: { installation: '1' } },
    resources: [equal, extra('a'), extra('b')],
    decides: 'skip: prune limit exceeded',
  },
  {
    name: 'the limit of the application comes before that of its project',
    annotations: { 'tiphys.dev/prune-limit': '100%' },
    input: { pruneLimits: { project: '1' } },
    resources: [equal, extra('a'), extra('b')],
    decides: 'start: new revision',
  },
  {
    name: 'a limit that cannot be read leaves the next one',
    annotations: { 'tiphys.dev/prune-limit': 'half' },
    input: { pruneLimits: { project: '1' } },
    resources: [equal, extra('a'), extra('b')],
    decides: 'skip: prune limit exceeded',
  },
  {
    name: 'a child application counts with the resources that it takes with it',
    resources: [equal, managed(undefined, childApplication(20, ['resources-finalizer.argocd.argoproj.io']))],
    decides: 'skip: prune limit exceeded',
  },
  {
    name: 'a child application that leaves its resources behind counts once',
    resources: [equal, managed(undefined, childApplication(20, []))],
    decides: 'start: new revision',
  },
  {
    name: 'an approval lets the prune pass',
    annotations: { 'argocd.argoproj.io/deletion-approved': '2026-01-01T11:59:00Z' },
    resources: [equal, ...many(11, extra)],
    decides: 'start: new revision',
  },
  {
    name: 'an approval counts for one operation only',
    annotations: { 'argocd.argoproj.io/deletion-approved': '2026-01-01T11:59:00Z' },
    resources: [equal, ...many(11, extra)],
    state: { revision: 'rev0' },
    decides: 'skip: prune limit exceeded',
  },
  {
    name: 'what cannot be read is never counted for a prune',
    resources: [changed, ...many(20, (name) => ({ ...extra(name), unreadable: true }))],
    decides: 'start: new revision',
  },
];

describe('whether an automated sync starts', () => {
  it.each(rows)('$name', ({ decides, name: _, ...setup }) => {
    expect(decide(setup)).toBe(decides);
  });

  it('pins the revision, says it was automated and brings five retries (D35)', () => {
    expect(decideAutoSync(input({ automated: { prune: true } }))).toEqual({
      kind: 'start',
      reason: 'new revision',
      clearHold: false,
      operation: { sync: { revision: 'rev1', prune: true }, initiatedBy: { automated: true }, retry: { limit: 5 } },
    });
  });

  it('heals only what differs and counts the attempts (D37)', () => {
    const decision = decideAutoSync(input({ automated: { selfHeal: true }, state: { heals: 2, ago: 10_000 } }));
    expect(decision).toMatchObject({
      operation: { sync: { autoHealAttemptsCount: 3, resources: [{ kind: 'ConfigMap', name: 'a', namespace: 'ns' }] } },
    });
  });

  it('asks to remove a hold that the ref has left', () => {
    const decision = decideAutoSync(input({ annotations: { 'tiphys.dev/rollback-hold': 'rev0' } }));
    expect(decision).toMatchObject({ kind: 'start', clearHold: true });
  });

  it('says on the Application what the user can do', () => {
    const decision = decideAutoSync(input({ resources: [equal, ...many(11, extra)] }));
    expect(decision).toMatchObject({
      condition: { type: 'SyncError', message: expect.stringContaining('would delete 11 of 12 live objects') },
    });
  });

  it('backs off 0, 2, 6, 18, 54, 162, 300 s', () => {
    const backoff = { timeoutMs: 2_000, factor: 3, capMs: 300_000 };
    const seconds = [0, 1, 2, 3, 4, 5, 6].map((attempts) => selfHealDelayMs(attempts, backoff) / 1_000);
    expect(seconds).toEqual([0, 2, 6, 18, 54, 162, 300]);
  });
});
