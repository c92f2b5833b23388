/** The specification of hooks and of the order of a sync, as tables: each row is one scenario (D01-D15). */
import { ANNOTATIONS, type KubernetesObject } from '@tiphys/model';
import { describe, expect, it } from 'vitest';
import { deleteHookTypesOf } from './plan-delete-hooks.js';
import { planSync } from './plan-sync.js';
import {
  configMap,
  deployment,
  job,
  managed,
  namespaceObject,
  type ObjectOptions,
  planRequest,
  runSync,
  service,
  synced,
  widget,
  widgetDefinition,
} from './sync-run.test-support.js';

type Row = Readonly<Record<string, string>>;

/** Rows of a table whose first line names its columns. */
function table(text: string): readonly Row[] {
  const [head = [], ...body] = text
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return body.map((cells) => Object.fromEntries(head.map((name, index) => [name, cells[index] ?? ''])));
}

const cell = (row: Row, name: string): string => {
  const value = row[name];
  if (value === undefined) throw new Error(`the table has no column ${name}`);
  return value;
};
const describeRow = (row: Row): string => Object.values(row).join(' | ');

/**
 * A hook beside the ConfigMap `settings` and the SyncFail hook `alarm`. settings: whether it was applied; alarm: whether it
 * ran; hook: what became of the hook object.
 */
const HOOKS = table(`
type     | policy                   | outcome  | settings | alarm | hook    | operation
PreSync  | BeforeHookCreation       | succeeds | applied  | no    | stays   | Succeeded
PreSync  | HookSucceeded            | succeeds | applied  | no    | deleted | Succeeded
PreSync  | HookFailed               | succeeds | applied  | no    | stays   | Succeeded
PreSync  | HookSucceeded,HookFailed | succeeds | applied  | no    | deleted | Succeeded
PreSync  | BeforeHookCreation       | fails    | not      | ran   | stays   | Failed
PreSync  | HookSucceeded            | fails    | not      | ran   | stays   | Failed
PreSync  | HookFailed               | fails    | not      | ran   | deleted | Failed
PreSync  | HookSucceeded,HookFailed | fails    | not      | ran   | deleted | Failed
PreSync  | BeforeHookCreation       | refused  | not      | ran   | missing | Failed
PreSync  | BeforeHookCreation       | hangs    | not      | no    | stays   | Running
Sync     | BeforeHookCreation       | succeeds | applied  | no    | stays   | Succeeded
Sync     | HookSucceeded            | succeeds | applied  | no    | deleted | Succeeded
Sync     | HookFailed               | succeeds | applied  | no    | stays   | Succeeded
Sync     | BeforeHookCreation       | fails    | applied  | ran   | stays   | Failed
Sync     | HookSucceeded            | fails    | applied  | ran   | stays   | Failed
Sync     | HookFailed               | fails    | applied  | ran   | deleted | Failed
Sync     | BeforeHookCreation       | refused  | applied  | ran   | missing | Failed
Sync     | BeforeHookCreation       | hangs    | applied  | no    | stays   | Running
PostSync | BeforeHookCreation       | succeeds | applied  | no    | stays   | Succeeded
PostSync | HookSucceeded            | succeeds | applied  | no    | deleted | Succeeded
PostSync | HookFailed               | succeeds | applied  | no    | stays   | Succeeded
PostSync | BeforeHookCreation       | fails    | applied  | ran   | stays   | Failed
PostSync | HookSucceeded            | fails    | applied  | ran   | stays   | Failed
PostSync | HookFailed               | fails    | applied  | ran   | deleted | Failed
PostSync | BeforeHookCreation       | refused  | applied  | ran   | missing | Failed
PostSync | BeforeHookCreation       | hangs    | applied  | no    | stays   | Running
SyncFail | BeforeHookCreation       | succeeds | applied  | no    | missing | Succeeded
Skip     | BeforeHookCreation       | succeeds | applied  | no    | missing | Succeeded
Garbage  | BeforeHookCreation       | succeeds | applied  | no    | missing | Succeeded
PreDelete  | BeforeHookCreation     | succeeds | applied  | no    | missing | Succeeded
PostDelete | BeforeHookCreation     | succeeds | applied  | no    | missing | Succeeded
`);

const OUTCOMES: Readonly<Record<string, ObjectOptions>> = {
  succeeds: { becomes: 'healthy' },
  fails: { becomes: 'degraded' },
  refused: { refused: 'write' },
  hangs: { becomes: 'progressing' },
};

describe('a hook: type × delete policy × outcome', () => {
  it.each(HOOKS.map((row) => ({ row, name: describeRow(row) })))('$name', ({ row }) => {
    const options = { hook: cell(row, 'type'), policy: cell(row, 'policy'), ...OUTCOMES[cell(row, 'outcome')] };
    const targets = [job('hook', options), job('alarm', { hook: 'SyncFail' }), configMap('settings')];
    const run = runSync({ targets });
    const names = run.live.map(({ metadata }) => metadata.name);
    const wasWritten = run.writes.includes('apply Job/hook');
    expect({
      settings: names.includes('settings') ? 'applied' : 'not',
      alarm: run.writes.includes('apply Job/alarm') ? 'ran' : 'no',
      hook: names.includes('hook') ? 'stays' : wasWritten ? 'deleted' : 'missing',
      operation: run.phase,
    }).toEqual({
      ...{ settings: cell(row, 'settings'), alarm: cell(row, 'alarm') },
      ...{ hook: cell(row, 'hook'), operation: cell(row, 'operation') },
    });
  });
});

/** The SyncFail hook of a sync whose ConfigMap is refused. */
const SYNC_FAIL = table(`
policy             | outcome  | hook
BeforeHookCreation | succeeds | stays
HookSucceeded      | succeeds | stays
HookFailed         | succeeds | deleted
BeforeHookCreation | fails    | stays
HookFailed         | fails    | deleted
`);

describe('a SyncFail hook after a failure: delete policy × outcome', () => {
  it.each(SYNC_FAIL.map((row) => ({ row, name: describeRow(row) })))('$name', ({ row }) => {
    const options = { hook: 'SyncFail', policy: cell(row, 'policy'), ...OUTCOMES[cell(row, 'outcome')] };
    const run = runSync({ targets: [job('hook', options), configMap('settings', { refused: 'write' })] });
    const stays = run.live.some(({ metadata }) => metadata.name === 'hook');
    expect([run.phase, run.writes[0], stays ? 'stays' : 'deleted']).toEqual([
      'Failed',
      'apply Job/hook',
      cell(row, 'hook'),
    ]);
  });
});

/** In the order in which they must run; given to the planner backwards. */
const ORDER = table(`
phase    | wave | kind                     | name
PreSync  | -3   | Job                      | pre-early
PreSync  | 0    | Job                      | pre-a
PreSync  | 0    | Job                      | pre-b
PreSync  | 7    | Job                      | pre-late
Sync     | -10  | Deployment               | first
Sync     | -1   | ConfigMap                | before
Sync     | 0    | Namespace                | other
Sync     | 0    | ConfigMap                | a
Sync     | 0    | ConfigMap                | b
Sync     | 0    | CustomResourceDefinition | widgets.example.com
Sync     | 0    | Service                  | web
Sync     | 0    | Deployment               | web
Sync     | 0    | Job                      | during
Sync     | 0    | Widget                   | w
Sync     | 2    | ConfigMap                | after
PostSync | -5   | Job                      | post-early
PostSync | 0    | Job                      | post
SyncFail | -9   | Job                      | alarm-early
SyncFail | 0    | Job                      | alarm
`);

const MAKERS: Readonly<Record<string, (name: string, options?: ObjectOptions) => KubernetesObject>> = {
  ...{ ConfigMap: configMap, Service: service, Deployment: deployment, Job: job, Widget: widget },
  ...{ Namespace: namespaceObject, CustomResourceDefinition: widgetDefinition },
};

describe('the order of tasks: phase, then wave, then kind, then name (D10)', () => {
  it('holds whatever the order of the manifests', () => {
    const objects = ORDER.map((row) => {
      const phase = cell(row, 'phase');
      const kind = cell(row, 'kind');
      const isHook = kind === 'Job';
      const options = { wave: Number(cell(row, 'wave')), ...(isHook ? { hook: phase } : {}) };
      return MAKERS[kind]?.(cell(row, 'name'), options);
    });
    const resources = objects
      .toReversed()
      .flatMap((object) => (object === undefined ? [] : [managed(object, undefined)]));
    const tasks = planSync({ resources, request: planRequest() });
    expect(
      tasks.map(({ phase, wave, key }) => ({ phase, wave: String(wave), kind: key.kind, name: key.name })),
    ).toEqual(ORDER);
  });
});

/** Objects that left Git, by the wave they had; `runs` is their place in the row of waves (D14, D15). */
const PRUNES = table(`
waves       | runs
0           | 0
0,1         | 1,0
0,1,2       | 2,1,0
-1,5        | 5,-1
0,5,100     | 100,5,0
3,3,7       | 7,7,3
`);

describe('prunes run in swapped waves: the highest where the lowest was (D14)', () => {
  it.each(PRUNES.map((row) => ({ row, name: describeRow(row) })))('$name', ({ row }) => {
    const waves = cell(row, 'waves').split(',').map(Number);
    const resources = waves.map((wave, index) => managed(undefined, synced(configMap(`o${index}`, { wave }))));
    const tasks = planSync({ resources, request: planRequest() });
    const placed = waves.map((_, index) => tasks.find(({ key }) => key.name === `o${index}`)?.wave);
    expect(placed.join(',')).toBe(cell(row, 'runs'));
  });
});

/** One object of the application: what Git and the cluster have of it, options, and what the sync does (D18-D29). */
const OBJECTS = table(`
git | live    | tracked by | options              | prune | does     | result
yes | none    | -          |                      | yes   | apply    | Synced
yes | equal   | app        |                      | yes   | nothing  | Synced
yes | differs | app        |                      | yes   | apply    | Synced
yes | differs | other      |                      | yes   | apply    | Synced
yes | differs | other      | FailOnSharedResource=true | yes | nothing | -
yes | equal   | app        | Replace=true         | yes   | nothing  | Synced
yes | equal   | app        | Replace=true,Force=true | yes | apply   | Synced
no  | equal   | app        |                      | yes   | delete   | Pruned
no  | equal   | app        |                      | no    | nothing  | PruneSkipped
no  | equal   | app        | Prune=false          | yes   | nothing  | PruneSkipped
no  | equal   | app        | Prune=confirm        | yes   | nothing  | -
no  | equal   | app        | Delete=false         | yes   | delete   | Pruned
no  | equal   | other      |                      | yes   | nothing  | PruneSkipped
`);

describe('an object: Git × cluster × owner × option', () => {
  it.each(OBJECTS.map((row) => ({ row, name: describeRow(row) })))('$name', ({ row }) => {
    const options = cell(row, 'options') === '' ? {} : { options: cell(row, 'options') };
    const target = configMap('a', { ...options, value: 'git' });
    const owner = cell(row, 'tracked by');
    const value = cell(row, 'live') === 'differs' ? 'other' : 'git';
    const live = synced(configMap('a', { ...options, value, trackedBy: owner }));
    const run = runSync({
      targets: cell(row, 'git') === 'yes' ? [target] : [],
      live: cell(row, 'live') === 'none' ? [] : [live],
      request: { prune: cell(row, 'prune') === 'yes' },
      maxTurns: 5,
    });
    const [write = 'nothing'] = run.writes.map((text) => text.split(' ', 1)[0] ?? '');
    const [result] = run.state.syncResult?.resources ?? [];
    expect({ does: write, result: result?.status ?? '-' }).toEqual({
      does: cell(row, 'does'),
      result: cell(row, 'result'),
    });
  });
});

describe('delete hooks of Helm and of Argo CD (A23, B12)', () => {
  it.each([
    [{ [ANNOTATIONS.hook]: 'PreDelete' }, ['PreDelete']],
    [{ [ANNOTATIONS.hook]: 'PostSync,PostDelete' }, ['PostDelete']],
    [{ [ANNOTATIONS.helmHook]: 'pre-delete,post-delete' }, ['PreDelete', 'PostDelete']],
    [{ [ANNOTATIONS.helmHook]: 'pre-install' }, []],
  ])('%j', (annotations, types) => {
    expect(deleteHookTypesOf([configMap('x', { annotations })])).toEqual(types);
  });
});
