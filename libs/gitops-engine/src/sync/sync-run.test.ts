/** The specification of a sync: which step follows which, phase by phase and wave by wave, until it ends. */
import type { KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import {
  configMap,
  deployment,
  job,
  namespaceObject,
  runSync,
  type Scenario,
  service,
  synced,
  widget,
  widgetDefinition,
} from './sync-run.test-support.js';

interface Row extends Scenario {
  readonly name: string;
  readonly log: readonly string[];
  readonly ends: string;
}

const ALL_RUN = 'Succeeded: successfully synced (all tasks run)';
const NO_MORE = 'Succeeded: successfully synced (no more tasks)';

const BY_LABEL = { trackingMethod: 'label', instanceLabelKey: 'instance', installationId: undefined } as const;

function labelled(object: KubernetesObject, instance: string): KubernetesObject {
  return { ...object, metadata: { ...object.metadata, labels: { instance } } };
}

const rows: readonly Row[] = [
  { name: 'nothing to do succeeds at once', log: [], ends: NO_MORE },
  {
    name: 'a single object is written without a dry run',
    targets: [configMap('a')],
    log: ['Sync 0: ConfigMap/a'],
    ends: ALL_RUN,
  },
  {
    name: 'several objects are tried by a dry run first, then applied in kind order (D10, D16)',
    targets: [deployment('web'), service('web'), configMap('web')],
    log: ['dryRun: ConfigMap/web, Service/web, Deployment/web', 'Sync 0: ConfigMap/web, Service/web, Deployment/web'],
    ends: ALL_RUN,
  },
  {
    name: 'equal objects are not written',
    targets: [configMap('a'), configMap('b', { value: 'v2' })],
    live: [synced(configMap('a')), synced(configMap('b'))],
    log: ['Sync 0: ConfigMap/b'],
    ends: ALL_RUN,
  },
  {
    name: 'a sync without waves succeeds with the writes, even if the objects degrade later (D13)',
    targets: [deployment('web', { becomes: 'degraded' })],
    log: ['Sync 0: Deployment/web'],
    ends: ALL_RUN,
  },
  {
    name: 'a later wave waits for the health of the earlier one (D12)',
    targets: [deployment('db', { wave: -1 }), deployment('web', { wave: 2 })],
    log: ['dryRun: Deployment/db, Deployment/web', 'Sync -1: Deployment/db', 'Sync 2: Deployment/web'],
    ends: ALL_RUN,
  },
  {
    name: 'a degraded wave fails the sync and the next wave never runs (D12)',
    targets: [deployment('db', { becomes: 'degraded' }), deployment('web', { wave: 1 })],
    log: ['dryRun: Deployment/db, Deployment/web', 'Sync 0: Deployment/db'],
    ends:
      'Failed: one or more synchronization tasks completed unsuccessfully, ' +
      'reason: Deployment/db: Deployment "db" exceeded its progress deadline',
  },
  {
    name: 'a wave that does not become healthy keeps the sync running',
    targets: [deployment('db', { becomes: 'progressing' }), deployment('web', { wave: 1 })],
    log: ['dryRun: Deployment/db, Deployment/web', 'Sync 0: Deployment/db'],
    ends: 'Running: waiting for healthy state of apps/Deployment/db',
  },
  {
    name: 'an equal object of an earlier wave gates the next wave too',
    targets: [deployment('db', { becomes: 'progressing' }), configMap('web', { wave: 1 })],
    live: [synced(deployment('db', { becomes: 'progressing' }))],
    log: [],
    ends: 'Running: waiting for healthy state of apps/Deployment/db',
  },
  {
    name: 'a refusal in the dry run ends the sync before anything is written (D16)',
    targets: [configMap('a'), configMap('b', { refused: 'dryRun' })],
    log: ['dryRun: ConfigMap/a, ConfigMap/b'],
    ends: 'Failed: one or more objects failed to apply (dry run), reason: b is refused',
  },
  {
    name: 'a refusal in the write names its reason',
    targets: [configMap('a', { refused: 'always' })],
    log: ['Sync 0: ConfigMap/a'],
    ends: 'Failed: one or more objects failed to apply, reason: a is refused',
  },
  {
    name: 'objects that left Git are pruned before the others of the wave are applied (D14)',
    targets: [configMap('new')],
    live: [configMap('old')],
    log: ['dryRun: ConfigMap/new', 'Sync 0: prune ConfigMap/old, ConfigMap/new'],
    ends: ALL_RUN,
  },
  {
    name: 'prunes run in reverse order of their waves, each wave waiting until the last is gone (D14)',
    live: [
      configMap('first', { wave: 0 }),
      configMap('second', { wave: 1, slowDelete: true }),
      configMap('third', { wave: 5 }),
    ],
    log: ['Sync 0: prune ConfigMap/third', 'Sync 0: prune ConfigMap/second', 'Sync 0: prune ConfigMap/first'],
    ends: ALL_RUN,
  },
  {
    name: 'PruneLast prunes after the last wave is healthy (D15)',
    targets: [deployment('web', { wave: 3 })],
    live: [configMap('old', { options: 'PruneLast=true' })],
    log: ['dryRun: Deployment/web', 'Sync 3: Deployment/web', 'Sync 4: prune ConfigMap/old'],
    ends: ALL_RUN,
  },
  {
    name: 'PruneLast does not prune when the last wave degrades (D15)',
    targets: [deployment('web', { becomes: 'degraded' })],
    live: [configMap('old', { options: 'PruneLast=true' })],
    log: ['dryRun: Deployment/web', 'Sync 0: Deployment/web'],
    ends:
      'Failed: one or more synchronization tasks completed unsuccessfully, ' +
      'reason: Deployment/web: Deployment "web" exceeded its progress deadline',
  },
  {
    name: 'nothing is pruned while prune is off (D18)',
    live: [configMap('old')],
    request: { prune: false },
    log: [],
    ends: ALL_RUN,
  },
  {
    name: 'Prune=false keeps the object (D18)',
    live: [configMap('old', { options: 'Prune=false' })],
    log: [],
    ends: ALL_RUN,
  },
  {
    name: 'an object that another application tracks is never pruned (R13)',
    live: [configMap('old', { trackedBy: 'other' })],
    log: [],
    ends: ALL_RUN,
  },
  {
    name: 'an object of another application is taken over',
    targets: [configMap('a', { value: 'v2' })],
    live: [configMap('a', { trackedBy: 'other' })],
    log: ['Sync 0: ConfigMap/a'],
    ends: ALL_RUN,
  },
  {
    name: 'an object that only a label gives to another application is never pruned (A26, R13)',
    live: [labelled(configMap('old'), 'other')],
    request: { tracking: BY_LABEL },
    log: [],
    ends: ALL_RUN,
  },
  {
    name: 'FailOnSharedResource sees the label of another application (A26, D28)',
    targets: [configMap('a', { value: 'v2' })],
    live: [labelled(configMap('a'), 'other')],
    request: { syncOptions: ['FailOnSharedResource=true'], tracking: BY_LABEL },
    log: [],
    ends: 'Failed: Shared resource found: ConfigMap/a is part of application other',
  },
  {
    name: 'FailOnSharedResource writes nothing and names the other application (D28)',
    targets: [configMap('a', { value: 'v2' })],
    live: [configMap('a', { trackedBy: 'other' })],
    request: { syncOptions: ['FailOnSharedResource=true'] },
    log: [],
    ends: 'Failed: Shared resource found: ConfigMap/a is part of application other',
  },
  {
    name: 'Prune=confirm waits for an approval (D19)',
    live: [configMap('old', { options: 'Prune=confirm' })],
    log: [],
    ends: 'Running: Waiting for pruning confirmation of v1/ConfigMap/old',
  },
  {
    name: 'Prune=confirm goes on once approved after the start (D19)',
    live: [configMap('old', { options: 'Prune=confirm' })],
    request: { deletionApprovedAt: '2026-01-01T00:00:01Z' },
    log: ['Sync 0: prune ConfigMap/old'],
    ends: ALL_RUN,
  },
  {
    name: 'an approval older than the operation does not count (D19)',
    live: [configMap('old', { options: 'Prune=confirm' })],
    request: { deletionApprovedAt: '2025-12-31T23:59:59Z' },
    log: [],
    ends: 'Running: Waiting for pruning confirmation of v1/ConfigMap/old',
  },
  {
    name: 'the namespace is created before the dry run (D30)',
    targets: [configMap('a'), configMap('b')],
    request: { namespace: namespaceObject('ns') },
    log: ['PreSync 0: Namespace/ns', 'dryRun: ConfigMap/a, ConfigMap/b', 'Sync 0: ConfigMap/a, ConfigMap/b'],
    ends: ALL_RUN,
  },
  {
    name: 'a Namespace in Git comes before what lives in it, whatever its wave (D30)',
    targets: [configMap('a'), configMap('b'), namespaceObject('ns', { wave: 9 })],
    request: { namespace: namespaceObject('ns') },
    log: ['Sync 0: Namespace/ns', 'dryRun: ConfigMap/a, ConfigMap/b', 'Sync 0: ConfigMap/a, ConfigMap/b'],
    ends: ALL_RUN,
  },
  {
    name: 'a CRD is established before its resources are applied, and they have no dry run (D17)',
    targets: [widget('w'), widgetDefinition('widgets.example.com'), configMap('a')],
    log: [
      'dryRun: ConfigMap/a, CustomResourceDefinition/widgets.example.com',
      'Sync 0: ConfigMap/a, CustomResourceDefinition/widgets.example.com',
      'Sync 0: Widget/w',
    ],
    ends: ALL_RUN,
  },
  {
    name: 'a CRD of a later wave moves to the wave of its first resource (D17)',
    targets: [widget('w', { wave: -2 }), widgetDefinition('widgets.example.com', { wave: 3 })],
    log: [
      'dryRun: CustomResourceDefinition/widgets.example.com',
      'Sync -2: CustomResourceDefinition/widgets.example.com',
      'Sync -2: Widget/w',
    ],
    ends: ALL_RUN,
  },
  {
    name: 'hooks run in their phases, each to its end (D01)',
    targets: [configMap('a'), job('after', { hook: 'PostSync' }), job('before', { hook: 'PreSync' })],
    log: [
      'dryRun: Job/before, ConfigMap/a, Job/after',
      'PreSync 0: Job/before',
      'releaseHooks: Job/before',
      'Sync 0: ConfigMap/a',
      'PostSync 0: Job/after',
      'releaseHooks: Job/after',
    ],
    ends: NO_MORE,
  },
  {
    name: 'hooks have waves as well (D09)',
    targets: [job('one', { hook: 'PreSync', wave: 1 }), job('zero', { hook: 'PreSync' })],
    log: [
      'dryRun: Job/zero, Job/one',
      'PreSync 0: Job/zero',
      'releaseHooks: Job/zero',
      'PreSync 1: Job/one',
      'releaseHooks: Job/one',
    ],
    ends: NO_MORE,
  },
  {
    name: 'PostSync waits until the synced resources are healthy (D12)',
    targets: [deployment('web', { becomes: 'progressing' }), job('after', { hook: 'PostSync' })],
    log: ['dryRun: Deployment/web, Job/after', 'Sync 0: Deployment/web'],
    ends: 'Running: waiting for healthy state of apps/Deployment/web',
  },
  {
    name: 'a failed PreSync hook ends the sync before it begins',
    targets: [configMap('a'), job('before', { hook: 'PreSync', becomes: 'degraded' })],
    log: ['dryRun: Job/before, ConfigMap/a', 'PreSync 0: Job/before', 'releaseHooks: Job/before'],
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully, reason: Job/before: Failed it is',
  },
  {
    name: 'SyncFail hooks run after a refused write, then the sync fails (D01)',
    targets: [configMap('a', { refused: 'write' }), job('alarm', { hook: 'SyncFail' })],
    log: ['dryRun: ConfigMap/a, Job/alarm', 'Sync 0: ConfigMap/a', 'SyncFail 0: Job/alarm', 'releaseHooks: Job/alarm'],
    ends: 'Failed: one or more objects failed to apply, reason: a is refused',
  },
  {
    name: 'SyncFail hooks do not run after a refusal in the dry run',
    targets: [configMap('a', { refused: 'dryRun' }), job('alarm', { hook: 'SyncFail' })],
    log: ['dryRun: ConfigMap/a, Job/alarm'],
    ends: 'Failed: one or more objects failed to apply (dry run), reason: a is refused',
  },
  {
    name: 'SyncFail hooks run when a hook failed, then the sync fails (D01)',
    targets: [job('before', { hook: 'PreSync', becomes: 'degraded' }), job('alarm', { hook: 'SyncFail' })],
    log: [
      'dryRun: Job/before, Job/alarm',
      'PreSync 0: Job/before',
      'releaseHooks: Job/before',
      'SyncFail 0: Job/alarm',
      'releaseHooks: Job/alarm',
    ],
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully, reason: Job/before: Failed it is',
  },
  {
    name: 'a SyncFail hook that fails is named too',
    targets: [
      job('before', { hook: 'PreSync', becomes: 'degraded' }),
      job('alarm', { hook: 'SyncFail', becomes: 'degraded' }),
    ],
    log: [
      'dryRun: Job/before, Job/alarm',
      'PreSync 0: Job/before',
      'releaseHooks: Job/before',
      'SyncFail 0: Job/alarm',
      'releaseHooks: Job/alarm',
    ],
    ends:
      'Failed: one or more synchronization tasks completed unsuccessfully, reason: Job/before: Failed it is\n' +
      'one or more SyncFail hooks failed, reason: Job/alarm: Failed it is',
  },
  {
    name: 'SyncFail hooks do not run when all goes well',
    targets: [configMap('a'), job('alarm', { hook: 'SyncFail' })],
    log: ['dryRun: ConfigMap/a, Job/alarm', 'Sync 0: ConfigMap/a'],
    ends: ALL_RUN,
  },
  {
    name: 'HookSucceeded deletes the hook when the whole sync has succeeded (D05)',
    targets: [configMap('a'), job('before', { hook: 'PreSync', policy: 'HookSucceeded' })],
    log: [
      'dryRun: Job/before, ConfigMap/a',
      'PreSync 0: Job/before',
      'releaseHooks: Job/before',
      'Sync 0: ConfigMap/a',
      'deleteHooks: Job/before',
    ],
    ends: ALL_RUN,
  },
  {
    name: 'HookFailed deletes the hook when the sync has failed (D05)',
    targets: [job('before', { hook: 'PreSync', policy: 'HookFailed', becomes: 'degraded' })],
    log: ['PreSync 0: Job/before', 'releaseHooks: Job/before', 'deleteHooks: Job/before'],
    ends: 'Failed: one or more synchronization tasks completed unsuccessfully, reason: Job/before: Failed it is',
  },
  {
    name: 'BeforeHookCreation, the default, deletes the hook of the last sync and waits until it is gone (D05)',
    targets: [job('before', { hook: 'PreSync', slowDelete: true })],
    live: [job('before', { hook: 'PreSync', slowDelete: true })],
    log: ['deleteHooks: Job/before', 'PreSync 0: Job/before', 'releaseHooks: Job/before'],
    ends: NO_MORE,
  },
  {
    name: 'a hook with a garbage annotation is never applied (D02)',
    targets: [job('odd', { hook: 'Whenever' }), configMap('a')],
    log: ['Sync 0: ConfigMap/a'],
    ends: ALL_RUN,
  },
  {
    name: 'hook: Skip is never applied (D03)',
    targets: [configMap('skipped', { hook: 'Skip' }), configMap('a')],
    log: ['Sync 0: ConfigMap/a'],
    ends: ALL_RUN,
  },
  {
    name: 'the apply strategy runs no hooks (D07)',
    targets: [job('before', { hook: 'PreSync' }), configMap('a')],
    request: { applyOnly: true },
    log: ['Sync 0: ConfigMap/a'],
    ends: ALL_RUN,
  },
  {
    name: 'a selective sync runs no hooks and touches only what was selected (D07, D32)',
    targets: [job('before', { hook: 'PreSync' }), configMap('a'), configMap('b')],
    live: [configMap('old')],
    request: { selects: ({ name }) => name === 'a' },
    log: ['Sync 0: ConfigMap/a'],
    ends: ALL_RUN,
  },
  {
    name: 'a dry run writes nothing (D33)',
    targets: [configMap('a'), job('before', { hook: 'PreSync' })],
    live: [configMap('old')],
    request: { dryRun: true },
    log: ['dryRun: Job/before, ConfigMap/a, prune ConfigMap/old'],
    ends: ALL_RUN,
  },
  {
    name: 'a terminated sync deletes its running hooks and fails (D41)',
    targets: [configMap('a'), job('before', { hook: 'PreSync', becomes: 'progressing' })],
    terminateAtTurn: 2,
    log: ['dryRun: Job/before, ConfigMap/a', 'PreSync 0: Job/before', 'deleteHooks: Job/before'],
    ends: 'Failed: Operation terminated',
  },
];

describe('a sync runs to its end', () => {
  it.each(rows)('$name', ({ name: _, log, ends, ...scenario }) => {
    const run = runSync(scenario);
    expect({ log: run.log, ends: `${run.phase}: ${run.message}` }).toEqual({ log, ends });
  });
});
